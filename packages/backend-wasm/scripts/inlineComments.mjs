// A transform for the AssemblyScript compiler: a function behind the comment `// @inline` is inlined where it is called, as
// with the decorator of that name. TypeScript has no decorators on functions, and Biome cannot read a file with one.
import { Node, NodeKind } from "assemblyscript";
import { Transform } from "assemblyscript/transform";

const marked = /^\/\/ @inline\n(?:export )?function (\w+)/gm;

export default class InlineComments extends Transform {
  /** @param {import("assemblyscript").Parser} parser */
  afterParse({ sources }) {
    for (const source of sources.filter(({ isLibrary }) => !isLibrary)) {
      const names = new Set(Array.from(source.text.matchAll(marked), ([, name]) => name));
      if (names.size !== source.text.split("// @inline").length - 1) {
        throw new Error(`${source.normalizedPath}: a "// @inline" does not stand directly before a function`);
      }
      for (const statement of source.statements) {
        if (statement.kind === NodeKind.FunctionDeclaration && names.delete(statement.name.text)) {
          const name = Node.createIdentifierExpression("inline", statement.range);
          statement.decorators = [Node.createDecorator(name, null, statement.range)];
        }
      }
      if (names.size > 0) {
        throw new Error(`${source.normalizedPath}: no function of the file is called ${[...names].join(", ")}`);
      }
    }
  }
}
