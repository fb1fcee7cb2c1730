import { aligned, type BoundOp, type TensorSpec } from "@convoy/core/backend";
import type { Launch } from "./launch.js";

/** A tensor with its place in the module's memory. */
export interface Operand extends TensorSpec {
  /** 0 where it has none: inside a fused op, or while only the need for memory is asked for. */
  readonly address: number;
}

/** An op with its operands, as encoders see it. */
export type WasmOp = BoundOp<Operand>;

/** Turns one op into launches. */
export type OpEncoder = (op: WasmOp, writer: OpWriter) => void;

/** Collects what an op becomes: stages of launches that may run at the same time, and the memory that they need. */
export class OpWriter {
  readonly stages: Launch[][] = [];
  /** Bytes of workspace taken so far. */
  workspaceBytes = 0;
  /** Scratch memory that each thread needs. */
  scratchBytes = 0;
  readonly #workspace: number;

  /** `workspace` is the address of the op's workspace, or 0 while only its size is asked for. */
  constructor(workspace: number) {
    this.#workspace = workspace;
  }

  /** Appends launches that depend on everything before and not on each other. */
  stage(...launches: readonly Launch[]): void {
    if (launches.length > 0) {
      this.stages.push([...launches]);
    }
  }

  /** A place of `bytes` in the op's workspace. */
  workspace(bytes: number): number {
    const address = this.#workspace + this.workspaceBytes;
    this.workspaceBytes += aligned(bytes);
    return address;
  }

  /** Asks for scratch memory of this size for each thread. */
  scratch(bytes: number): void {
    this.scratchBytes = Math.max(this.scratchBytes, bytes);
  }
}

/** Hands out places in scratch memory, each on a cache line and with room to read and write a little too far. */
export class ScratchLayout {
  bytes = 256;

  place(bytes: number): number {
    const offset = this.bytes;
    this.bytes += Math.ceil((bytes + 64) / 64) * 64;
    return offset;
  }
}
