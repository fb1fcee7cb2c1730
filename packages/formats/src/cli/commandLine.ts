import { parseArgs } from "node:util";
import { ArgumentError, ModelFileError } from "@convoy/core";
import { openFiles } from "../files/sources.js";
import { checkWritten, formatFor, formatOf, formats, readAs } from "../formats.js";
import { saveModel } from "../saveModel.js";
import { inspection } from "./inspection.js";

/** What the command prints when it is asked for help, or in vain. */
export function usage(): string {
  const names = formats.map(
    ({ name, title, write }) => `  ${name.padEnd(15)}${title}${write === undefined ? ", read only" : ""}`,
  );
  return `Usage:
  npx @convoy/formats convert FROM TO   reads a model and writes it in the format that TO's ending says
  npx @convoy/formats inspect FILE      says what a file holds: layers, shapes, parameters, producer

FROM and FILE are paths or addresses; which format they are, their first bytes say.

Options:
  --to NAME              format to write, where the ending of TO does not say it
  --quantization NAME    of tfjs: uint8, uint16 or float16
  --architecture FILE    for weights alone: a JSON file as Keras' model.to_json() gives it
  --input-shape SIZES    of one sample, where the file does not say it: 224,224,3

Formats:
${names.join("\n")}`;
}

const optionTypes = {
  to: { type: "string" },
  quantization: { type: "string" },
  architecture: { type: "string" },
  "input-shape": { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** Runs the command and returns its exit status. */
export async function runCommand(
  args: readonly string[],
  print: (text: string) => void,
  complain: (text: string) => void,
): Promise<number> {
  try {
    const { values, positionals } = parse(args);
    if (values.help) {
      print(usage());
      return 0;
    }
    const [command, from, to, ...more] = positionals;
    const options = {
      warn: (message: string) => complain(`warning: ${message}`),
      ...(values.architecture === undefined ? {} : { architecture: await textOf(values.architecture) }),
      ...(values["input-shape"] === undefined ? {} : { inputShape: sizesOf(values["input-shape"]) }),
    };
    if (command === "inspect" && from !== undefined && to === undefined) {
      print(await inspection(from, options));
      return 0;
    }
    if (command === "convert" && from !== undefined && to !== undefined && more.length === 0) {
      const format = formatFor(to, values.to);
      const { name } = format;
      const writing =
        values.quantization === undefined
          ? {}
          : { quantization: values.quantization as "uint8" | "uint16" | "float16" };
      // Before a model is read in vain.
      checkWritten(format, writing);
      const files = await openFiles(from);
      const model = await readAs(await formatOf(files), files, options);
      await saveModel(model, to, { format: name, warn: options.warn, ...writing });
      print(`${to}: written as ${name}`);
      return 0;
    }
    complain(usage());
    return 2;
  } catch (error) {
    if (error instanceof ModelFileError || error instanceof ArgumentError) {
      complain(error.message);
      return 1;
    }
    throw error;
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: optionTypes, allowPositionals: true });
  } catch (error) {
    // Unknown options, and options without a value.
    throw new ArgumentError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

async function textOf(path: string): Promise<string> {
  return new TextDecoder().decode((await openFiles(path)).main);
}

function sizesOf(text: string): number[] {
  const sizes = text.split(",").map(Number);
  if (sizes.some((size) => !Number.isInteger(size) || size < 1)) {
    throw new ArgumentError(`--input-shape is "${text}", expected sizes such as 224,224,3`);
  }
  return sizes;
}
