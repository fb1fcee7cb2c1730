import { PlanError, UnsupportedOpError } from "../errors.js";
import type { TensorSpec } from "../ops/definition.js";
import type { OpInstance, Plan, PlanOp, PlanValue } from "../plan/plan.js";

/** An op of a plan with its tensors as a backend holds them. */
export interface BoundOp<T extends TensorSpec> extends OpInstance {
  readonly inputs: readonly T[];
  readonly outputs: readonly T[];
  /** Those of the inputs that are overwritten. */
  readonly updates: readonly T[];
  /** Of a fused op: the ops that it stands for, in order. */
  readonly parts?: readonly BoundOp<T>[];
  /** The scratch memory that `workspaceBytes` asked for. */
  readonly workspace?: T;
  /** The layer or purpose that it stands for, for errors. */
  readonly label: string;
}

/** A plan over tensors: its ops, and every tensor by the id of its value. */
export interface BoundPlan<T extends TensorSpec> {
  readonly ops: readonly BoundOp<T>[];
  readonly tensors: ReadonlyMap<number, T>;
}

/**
 * Replaces the ids in a plan's ops by tensors, each made once by `place`. A value inside a fused op may have no memory: its
 * `buffer` is undefined. Throws `PlanError` for an op that names a value that the plan does not have.
 */
export function bindPlan<T extends TensorSpec>(
  backend: string,
  plan: Plan,
  place: (value: PlanValue) => T,
): BoundPlan<T> {
  const tensors = new Map(plan.values.map((value) => [value.id, place(value)]));
  const bind = ({ op, attributes, inputs, outputs, updates, parts, workspace, label }: PlanOp): BoundOp<T> => {
    const tensor = (id: number): T => {
      const found = tensors.get(id);
      if (found === undefined) {
        throw new PlanError(`${backend}: ${op} (${label}) names value ${id}, which the plan does not have`);
      }
      return found;
    };
    return {
      op,
      attributes,
      inputs: inputs.map(tensor),
      outputs: outputs.map(tensor),
      updates: updates.map(tensor),
      ...(parts === undefined ? {} : { parts: parts.map(bind) }),
      ...(workspace === undefined ? {} : { workspace: tensor(workspace) }),
      label,
    };
  };
  return { ops: plan.ops.map(bind), tensors };
}

/** A bound op as `supports` and `workspaceBytes` are asked about it: of a fused op with all that its parts write. */
export function opInstance(op: BoundOp<TensorSpec>): OpInstance {
  const outputs = op.parts ? op.parts.flatMap((part) => part.outputs) : op.outputs;
  return { ...op, outputs };
}

/** Throws `UnsupportedOpError` for the first op that a backend does not take, with the backend's reason. */
export function expectSupported(
  backend: string,
  ops: readonly BoundOp<TensorSpec>[],
  supports: (op: OpInstance) => true | string,
): void {
  for (const op of ops) {
    const answer = supports(opInstance(op));
    if (answer !== true) {
      throw new UnsupportedOpError(
        `backend "${backend}" cannot run ${op.op}${op.label && ` (${op.label})`}: ${answer}. Use another backend or change the layer`,
        { op: op.op, reason: answer },
      );
    }
  }
}
