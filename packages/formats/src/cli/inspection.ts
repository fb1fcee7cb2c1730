import { openFiles } from "../files/sources.js";
import { formatOf, readAs } from "../formats.js";
import type { LoadOptions } from "../options.js";

/** What a file holds, as text: format, producer, and Keras' table of layers, shapes and parameters. */
export async function inspection(source: string, options: LoadOptions): Promise<string> {
  const files = await openFiles(source);
  const format = await formatOf(files);
  const described = await format.describe?.(files);
  const lines = [`format: ${format.title}`];
  if (described !== undefined) {
    lines.push(`producer: ${described.producer}`);
  }
  if (described?.hasLayers === false && options.architecture === undefined) {
    lines.push(
      format.takes?.includes("architecture")
        ? "weights alone: pass --architecture to see the layers that they are of"
        : "weights alone, without the layers that they are of",
    );
    return lines.join("\n");
  }
  const model = await readAs(format, files, options);
  model.summary((text) => lines.push(text));
  return lines.join("\n");
}
