import { ConvoyError } from "../errors.js";

/** A backend does not do what a case asks for. The message names op, case, position, both numbers and the tolerance. */
export class ConformanceFailure extends ConvoyError {
  override name = "ConformanceFailure";
}

/** A case that was to be skipped passes: the skip is out of date. */
export class UnexpectedPass extends ConformanceFailure {
  override name = "UnexpectedPass";
}

/** A case needs an op that the backend says it has no kernel for. */
export class UnsupportedCase extends ConvoyError {
  override name = "UnsupportedCase";
  /** The backend's reason. */
  readonly reason: string;

  constructor(message: string, reason: string) {
    super(message);
    this.reason = reason;
  }
}

/** Throws a `ConformanceFailure` with this message unless `condition` holds. */
export function require(condition: boolean, message: string): asserts condition {
  if (!condition) {
    throw new ConformanceFailure(message);
  }
}
