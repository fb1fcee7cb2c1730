import { bytesOf, PlanError, type PlanValue } from "@convoy/core/backend";
import { type Binding, type Dispatch, gridOf } from "./dispatch.js";
import { stepDeclaration } from "./stepDeclaration.js";

/** Element types of a tensor in WGSL and their bytes. Bytes (uint8) are read as the words that hold four of them. */
const elementBytes = { f32: 4, i32: 4, u32: 4, vec2f: 8, vec4f: 16, vec2i: 8, vec4i: 16, "atomic<i32>": 4 } as const;

export type ElementType = keyof typeof elementBytes;

/** How a kernel looks at a tensor. */
export interface TensorUse {
  readonly tensor: PlanValue;
  readonly type: ElementType;
  readonly written: boolean;
}

/** A tensor that is read; its elements are what its type says unless `type` says otherwise. */
export function reads(tensor: PlanValue, type: ElementType = plainType(tensor)): TensorUse {
  return { tensor, type, written: false };
}

/** A tensor that is written, and read if the kernel likes. */
export function writes(tensor: PlanValue, type: ElementType = plainType(tensor)): TensorUse {
  return { tensor, type, written: true };
}

function plainType({ dtype }: PlanValue): ElementType {
  return dtype === "float32" ? "f32" : dtype === "int32" ? "i32" : "u32";
}

/** Independent invocations that a launch takes along, in workgroups of their own behind those of its own work. */
export interface SideWork {
  readonly count: number;
  /** Code that sees the invocation's number as `index`. */
  readonly body: string;
  /** By names that the launch itself does not use. */
  readonly tensors: Readonly<Record<string, TensorUse>>;
}

export interface ShaderSpec {
  /** Op and layer. */
  readonly label: string;
  /** The tensors by the names that the code uses. */
  readonly tensors: Readonly<Record<string, TensorUse>>;
  /** Functions and constants. */
  readonly declarations?: string;
  /** Whether the code reads `step`. */
  readonly usesStep?: boolean;
  /** Invocations of a workgroup; default 64. */
  readonly workgroupSize?: number;
  /** Tells it from other kernels that compute the same. */
  readonly variant?: string;
  /** Language extensions that the code uses. With "subgroups" it sees `subgroupLane` and `subgroupSize`. */
  readonly extensions?: readonly ("subgroups" | "f16")[];
  /** What else it does. */
  readonly beside?: SideWork;
}

/** `count` independent invocations; the body sees its number as `index`. */
export function invocations(count: number, body: string, spec: ShaderSpec): Dispatch {
  const size = spec.workgroupSize ?? 64;
  const code = `
  let index = group * ${size}u + lane;
  if (index < ${count}u) {
    ${body}
  }`;
  return workgroups(Math.ceil(count / size), code, { ...spec, workgroupSize: size });
}

/** `count` workgroups; the body sees its workgroup's number as `group` and its own within it as `lane`. */
export function workgroups(count: number, body: string, { beside, ...spec }: ShaderSpec): Dispatch {
  return beside === undefined ? launch(count, body, spec) : withSideWork(count, body, beside, spec);
}

/** Which workgroup does what is the same for all its lanes, so either may have barriers. */
function withSideWork(count: number, body: string, beside: SideWork, spec: ShaderSpec): Dispatch {
  const size = spec.workgroupSize ?? 64;
  const code = `if (group < ${count}u) {
    ${body}
  } else {
    let index = (group - ${count}u) * ${size}u + lane;
    if (index < ${beside.count}u) {
      ${beside.body}
    }
  }`;
  const tensors = { ...spec.tensors, ...beside.tensors };
  return launch(count + Math.ceil(beside.count / size), code, { ...spec, tensors });
}

function launch(count: number, body: string, spec: Omit<ShaderSpec, "beside">): Dispatch {
  const grid = gridOf(count);
  const bindings = bindingsOf(spec);
  const { names, declarations } = bindings;
  const group = grid[1] === 1 ? "workgroup.x" : `workgroup.x + workgroup.y * ${grid[0]}u`;
  const spare = grid[0] * grid[1] > count ? `if (group >= ${count}u) { return; }` : "";
  const { extensions = [] } = spec;
  const subgroupInputs = extensions.includes("subgroups")
    ? ", @builtin(subgroup_invocation_id) subgroupLane: u32, @builtin(subgroup_size) subgroupSize: u32"
    : "";
  const code = `${extensions.map((name) => `enable ${name};\n`).join("")}${declarations}
${spec.usesStep ? stepDeclaration : ""}${names(spec.declarations ?? "")}
@compute @workgroup_size(${spec.workgroupSize ?? 64})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32${subgroupInputs}) {
  let group = ${group};
  // 0, but no compiler knows: a loop that ends at n + zero is not unrolled. On llvmpipe that is three quarters of the time
  // that a kernel with several short loops takes to compile.
  let zero = workgroup.z;
  ${spare}
  ${names(body)}
}
`;
  return {
    label: spec.label,
    ...(spec.variant ? { variant: spec.variant } : {}),
    code,
    bindings: bindings.list,
    usesStep: spec.usesStep ?? false,
    workgroups: grid,
  };
}

interface BoundTensors {
  readonly list: readonly Binding[];
  readonly declarations: string;
  /** Replaces names of tensors that are bound under another name; not elements of vectors, which may be called the same. */
  names(code: string): string;
}

/**
 * A binding for each tensor. WebGPU forbids two writable bindings to overlap and one buffer to be bound both for reading
 * and for writing: so all tensors of a buffer that is written in this dispatch are `read_write`, and a tensor that occurs
 * twice is bound once.
 */
function bindingsOf({ label, tensors }: Pick<ShaderSpec, "label" | "tensors">): BoundTensors {
  const uses = Object.entries(tensors);
  const writtenBuffers = new Set(uses.filter(([, use]) => use.written).map(([, { tensor }]) => tensor.buffer));
  const bound = new Map<string, { readonly name: string; readonly type: ElementType }>();
  const renamed = new Map<string, string>();
  const list: Binding[] = [];
  const declarations: string[] = [];
  for (const [name, { tensor, type }] of uses) {
    const place = placeOf({ tensor });
    const first = bound.get(place);
    if (first !== undefined) {
      if (first.type !== type) {
        throw new PlanError(`webgpu: ${label} reads ${tensor.label} both as ${first.type} and as ${type}`);
      }
      renamed.set(name, first.name);
      continue;
    }
    bound.set(place, { name, type });
    const access = writtenBuffers.has(tensor.buffer) ? "read_write" : "read";
    const length = Math.ceil(bytesOf(tensor) / elementBytes[type]);
    if (length * elementBytes[type] > bindingBytes(tensor)) {
      throw new PlanError(`webgpu: ${label} reads ${tensor.label} (${bytesOf(tensor)} bytes) as ${type}`);
    }
    declarations.push(`@group(0) @binding(${list.length}) var<storage, ${access}> ${name}: array<${type}, ${length}>;`);
    list.push({ tensor, access, written: uses.some(([, use]) => use.written && placeOf(use) === place) });
  }
  return {
    list,
    declarations: declarations.join("\n"),
    names: (code) =>
      [...renamed].reduce((text, [from, to]) => text.replaceAll(new RegExp(`(?<!\\.)\\b${from}\\b`, "g"), to), code),
  };
}

function placeOf({ tensor: { buffer, byteOffset } }: Pick<TensorUse, "tensor">): string {
  return `${buffer}+${byteOffset}`;
}

/** Bytes that are bound for a tensor: whole words. */
export function bindingBytes(tensor: PlanValue): number {
  return Math.ceil(bytesOf(tensor) / 4) * 4;
}

/** A number as a WGSL literal of type f32, rounded as the reference rounds it. */
export function float(value: number): string {
  const largest = 3.4028234663852886e38;
  return `f32(${Math.fround(Math.max(-largest, Math.min(largest, value)))})`;
}

/** How many elements a vector may hold so that vectors fill a row of `size` exactly. */
export function vectorWidth(size: number): 1 | 2 | 4 {
  return size % 4 === 0 ? 4 : size % 2 === 0 ? 2 : 1;
}

/** The float type of that many elements. */
export function floats(width: 1 | 2 | 4): "f32" | "vec2f" | "vec4f" {
  return width === 4 ? "vec4f" : width === 2 ? "vec2f" : "f32";
}

/** The integer type of that many elements. */
export function integers(width: 1 | 2 | 4): "i32" | "vec2i" | "vec4i" {
  return width === 4 ? "vec4i" : width === 2 ? "vec2i" : "i32";
}

/** Element `index` of a vector expression, which is a plain number where the width is 1. */
export function element(vector: string, index: number, width: 1 | 2 | 4): string {
  return width === 1 ? vector : `${vector}.${"xyzw"[index]}`;
}

/** `f` of each element of a vector, or of several that are its arguments. */
export function mapped(f: string, vectors: string | readonly string[], width: 1 | 2 | 4): string {
  const list = typeof vectors === "string" ? [vectors] : vectors;
  const calls = Array.from(
    { length: width },
    (_, i) => `${f}(${list.map((vector) => element(vector, i, width)).join(", ")})`,
  );
  return width === 1 ? calls[0]! : `vec${width}f(${calls.join(", ")})`;
}

/** The largest divisor of `size` that is at most `max`: blocks of that many never stick out. */
export function largestDivisor(size: number, max: number): number {
  for (let block = Math.min(size, max); block > 1; block--) {
    if (size % block === 0) {
      return block;
    }
  }
  return 1;
}

/** Repeats code for `index` from 0 to `count` - 1, as the compilers of software adapters do not unroll. */
export function unrolled(count: number, code: (index: number) => string, separator = "\n"): string {
  return Array.from({ length: count }, (_, index) => code(index)).join(separator);
}
