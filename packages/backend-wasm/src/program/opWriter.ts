import {
  type Attributes,
  aligned,
  type FusedName,
  type KernelName,
  type Shape,
  type TensorSpec,
} from "@convoy/core/backend";
import type { Phase } from "./phase.js";

/** A tensor with its place in the module's memory. */
export interface Operand extends TensorSpec {
  /** 0 where it has none: inside a fused op, or while only the need for memory is asked for. */
  readonly address: number;
  /** Its id in the plan; undefined while only the need for memory is asked for. */
  readonly id: number | undefined;
}

/** An op with its operands, as the op files see it. */
export interface OpCall {
  readonly op: KernelName | FusedName;
  readonly attributes: Attributes;
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Operand[];
  readonly parts: readonly OpCall[];
}

/** Turns one op into phases. */
export type OpEncoder = (call: OpCall, writer: OpWriter) => void;

/** Collects what an op becomes: stages of phases that may run at the same time, and the memory that they need. */
export class OpWriter {
  readonly stages: Phase[][] = [];
  /** Bytes of workspace taken so far. */
  workspaceBytes = 0;
  /** Scratch memory that each thread needs. */
  scratchBytes = 0;
  readonly #workspace: number;

  /** `workspace` is the address of the op's workspace, or 0 while only its size is asked for. */
  constructor(workspace: number) {
    this.#workspace = workspace;
  }

  /** Appends phases that depend on everything before and not on each other. */
  stage(...phases: readonly Phase[]): void {
    if (phases.length > 0) {
      this.stages.push([...phases]);
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

/** Sizes of a shape of four axes. */
export function sizes4(shape: Shape): [number, number, number, number] {
  return shape as unknown as [number, number, number, number];
}
