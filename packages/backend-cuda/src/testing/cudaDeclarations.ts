/** Types of the fields of a struct or of the parameters of a kernel, by name and in order. */
export type DeclaredFields = Readonly<Record<string, string>>;

/** What the CUDA sources declare. Types are without `const` and `__restrict__`. */
export interface Declarations {
  readonly structs: Readonly<Record<string, DeclaredFields>>;
  /** Parameters by kernel; of a macro that declares kernels, by its name. */
  readonly signatures: Readonly<Record<string, DeclaredFields>>;
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly constants: Readonly<Record<string, number>>;
}

/** Reads declarations out of CUDA C++ as it is written in kernels/, not C++ in general. */
export function readDeclarations(source: string): Declarations {
  const text = source
    .replace(/\\\n/g, " ")
    .replace(/\/\/.*/g, "")
    .replace(/\b(const|__restrict__)\b/g, " ");
  const constants = Object.fromEntries(
    [...text.matchAll(/^\s*(?:static )?constexpr\s+int\s+(\w+)\s*=\s*(\d+);/gm)].map(([, name, value]) => [
      name!,
      Number(value),
    ]),
  );
  const structs = Object.fromEntries(
    [...text.matchAll(/^struct\s+(\w+)\s*\{/gm)].map(({ 0: head, 1: name, index }) => {
      const members = memberDeclarations(text, index + head.length);
      return [name!, Object.fromEntries(members.flatMap((member) => declared(member, constants)))];
    }),
  );
  const kernels = /(?:#define\s+(\w+)\([^\n]*?)?\bKERNEL\s+(?:__launch_bounds__\([^)]*\)\s*)?(\w+)\(([^)]*)\)/g;
  const signatures = Object.fromEntries(
    [...text.matchAll(kernels)].map(([, macro, kernel, parameters]) => [
      macro ?? kernel!,
      Object.fromEntries(parameters!.split(",").flatMap((parameter) => declared(parameter, constants))),
    ]),
  );
  const enums = Object.fromEntries(
    [...text.matchAll(/^enum\s+(\w+)\s*:\s*int\s*\{([^}]*)\}/gm)].map(([, name, body]) => [name!, enumerators(body!)]),
  );
  return { structs, signatures, enums, constants };
}

/** The declarations of members behind an opening brace, without functions and what is static. */
function memberDeclarations(text: string, start: number): string[] {
  const members: string[] = [];
  let depth = 0;
  let from = start;
  for (let at = start; depth >= 0; at++) {
    const character = text[at];
    if (character === undefined) {
      throw new Error(`a struct has no end: ${text.slice(start, start + 80)}`);
    }
    depth += character === "{" ? 1 : character === "}" ? -1 : 0;
    if (character === "}" && depth === 0) {
      from = at + 1;
    } else if (character === ";" && depth === 0) {
      members.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return members.filter((member) => /\w/.test(member) && !/^\s*(static|using)\b/.test(member));
}

/** `float* y, b[3]` as names with their types. */
function declared(declaration: string, constants: Readonly<Record<string, number>>): [string, string][] {
  const [, type, rest] = /^\s*(\w+)\b(.*)$/s.exec(declaration) ?? [];
  return (rest ?? "").split(",").map((declarator) => {
    const [, pointers, name, length] = /^([\s*&]*)(\w+)\s*(?:\[(\w+)\])?\s*$/.exec(declarator) ?? [];
    if (type === undefined || name === undefined) {
      throw new Error(`cannot read the declaration "${declaration.trim()}"`);
    }
    const array = length === undefined ? "" : `[${constants[length] ?? length}]`;
    return [name, `${type}${pointers!.replace(/\s/g, "")}${array}`];
  });
}

function enumerators(body: string): Record<string, number> {
  let next = 0;
  return Object.fromEntries(
    body
      .split(",")
      .filter((entry) => entry.trim() !== "")
      .map((entry) => {
        const [name, value] = entry.split("=").map((part) => part.trim());
        const number = value === undefined ? next : Number(value);
        next = number + 1;
        return [name!, number];
      }),
  );
}
