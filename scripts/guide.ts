import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A block of a guide that says what a file is to hold, or what to change in it. */
export interface GuideBlock {
  /** "diff" for a change to a file that is there. */
  readonly language: string;
  readonly path: string;
  readonly text: string;
  /** The heading of level two that it stands under. */
  readonly section: string;
}

/** The fenced blocks of a Markdown page whose info string has a path behind the language: ```ts src/index.ts */
export function guideBlocks(markdown: string): GuideBlock[] {
  const blocks: GuideBlock[] = [];
  let section = "";
  let open: { indent: string; language: string; path: string; lines: string[] } | undefined;
  for (const line of markdown.split("\n")) {
    const fence = /^( *)```(\w*) ?(\S*)/.exec(line);
    if (open && fence) {
      blocks.push({ language: open.language, path: open.path, text: `${open.lines.join("\n")}\n`, section });
      open = undefined;
    } else if (open) {
      open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line.trimStart());
    } else if (fence) {
      open = { indent: fence[1]!, language: fence[2]!, path: fence[3]!, lines: [] };
    } else if (line.startsWith("## ")) {
      section = line.slice(3);
    }
  }
  return blocks.filter(({ path }) => path !== "");
}

/** Does to the files in `root` what a block says. Throws where a change does not fit the file in exactly one place. */
export function applyBlock(root: string, { language, path, text }: GuideBlock): void {
  const file = join(root, path);
  if (language !== "diff") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return;
  }
  let content = readFileSync(file, "utf8");
  for (const hunk of text.split(/^@@.*\n/m)) {
    const lines = hunk.replace(/\n$/, "").split("\n");
    const without = (sign: string): string =>
      lines
        .filter((line) => !line.startsWith(sign))
        .map((line) => `${line.slice(1)}\n`)
        .join("");
    const [before, after] = [without("+"), without("-")];
    const places = content.split(before).length - 1;
    if (places !== 1) {
      throw new Error(`${path}: these lines stand there ${places} times, a change needs one place:\n${before}`);
    }
    content = content.replace(before, () => after);
  }
  writeFileSync(file, content);
}
