/** A module of all code blocks of a Markdown page. Its lines are those of the page, so that messages of the compiler lead there. */
export interface DocumentedCode {
  readonly text: string;
  /** How many blocks it holds. */
  readonly blocks: number;
  /** Lines of the blocks that ask not to be compiled: ```ts no-check */
  readonly unchecked: readonly number[];
}

const importStatement = /^import\s[^;]*?;/gm;

/**
 * The TypeScript blocks of a page as one module. A block sees what the blocks above it declare and may declare the same names
 * again. Blocks that name a file (```ts src/index.ts) are left out: they belong to a guide that a test of its own walks.
 */
export function documentedCode(markdown: string): DocumentedCode {
  const imports = new Set<string>();
  const unchecked: number[] = [];
  const lines: string[] = [];
  let [blocks, open, taken] = [0, false, false];
  let code: string[] = [];
  for (const [index, line] of markdown.split(/\r?\n/).entries()) {
    const fence = /^\s*```(.*)$/.exec(line)?.[1]?.trim();
    if (fence === undefined) {
      if (taken) code.push(line);
      else lines.push("");
    } else if (open) {
      if (taken) {
        lines.push(...withoutImports(code, imports), "");
        code = [];
      } else {
        lines.push("");
      }
      [open, taken] = [false, false];
    } else {
      open = true;
      taken = fence === "ts";
      if (taken) blocks++;
      if (fence === "ts no-check") unchecked.push(index + 1);
      // A scope in which the block may declare names that stand above; what stands below is inside it.
      lines.push(taken ? "{" : "");
    }
  }
  const header = [...imports, "export {};"].join(" ");
  return { text: `${header} ${lines.join("\n")}${"}".repeat(blocks)}\n`, blocks, unchecked };
}

/** The lines of a block with its imports blanked and added to those of the module, each name once. */
function withoutImports(code: readonly string[], imports: Set<string>): string[] {
  const text = code.join("\n").replace(importStatement, (statement) => {
    const named = /^import\s+(type\s+)?\{([^}]*)\}\s+from\s+("[^"]+")/.exec(statement);
    const [, type = "", names = "", from] = named ?? [];
    if (!named) imports.add(statement.replace(/\s+/g, " "));
    for (const name of names.split(",").map((part) => part.trim())) {
      if (name) imports.add(`import { ${type && "type "}${name} } from ${from};`);
    }
    return statement.replace(/[^\n]/g, "");
  });
  return text.split("\n");
}
