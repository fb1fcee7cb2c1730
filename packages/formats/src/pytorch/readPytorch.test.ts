import { ModelFileError } from "@convoy/core";
import { describe, expect, it } from "vitest";
import { expectedOf, reasonToSkip, strangersFile } from "../testing/strangersFiles.js";
import { readPytorch } from "./readPytorch.js";

if (reasonToSkip !== undefined) {
  console.log(`PyTorch files of others: skipped, ${reasonToSkip}`);
}

describe.skipIf(reasonToSkip !== undefined)("PyTorch files of others", () => {
  it.each(["mnist-cnn-pytorch-81.pth", "cifar10-lenet-legacy-83.pth", "cifar10-resnet20-checkpoint-85.th"])(
    "%s has the tensors that PyTorch finds",
    async (name) => {
      const { tensors } = expectedOf(name);

      const state = await readPytorch(strangersFile(name));

      expect(Object.fromEntries([...state].map(([key, { shape }]) => [key, ["float32", shape]]))).toEqual(tensors);
    },
  );
});

/** A pickle of protocol 2 out of instructions. */
function pickle(...parts: readonly (string | readonly number[])[]): Uint8Array {
  const bytes = parts.flatMap((part) => (typeof part === "string" ? [...new TextEncoder().encode(part)] : [...part]));
  return Uint8Array.of(0x80, 2, ...bytes, 0x2e);
}

/** What stands before the dict in a file of the old format. */
const magic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
const protocol = [0x80, 2, 0x4d, 0xe9, 0x03, 0x2e];
const system = [0x80, 2, 0x7d, 0x2e];

function stream(content: Uint8Array): Uint8Array {
  return Uint8Array.of(...magic, ...protocol, ...system, ...content);
}

describe("files that are refused", () => {
  it("names what a pickle wants to call", async () => {
    const file = stream(pickle("cposix\nsystem\n", "X", [6, 0, 0, 0], "rm -rf", [0x85, 0x52]));

    await expect(readPytorch(file)).rejects.toThrow(/names posix\.system, which is not among what is read/);
  });

  it.each([
    ["an empty file", new Uint8Array(), /neither a zip archive nor a pickle/],
    ["text", new TextEncoder().encode("hello"), /neither a zip archive nor a pickle/],
    ["a pickle of another program", pickle([0x7d]), /without PyTorch's magic number/],
    ["a file that is cut off", stream(new Uint8Array()), /the file ends/],
    ["a whole number", stream(pickle([0x4b, 1])), /the file ends/],
    ["a thousand marks", stream(pickle(Array<number>(100_000).fill(0x28))), /more lists and dicts than its length/],
    ["a thousand dicts", stream(pickle(Array<number>(100_000).fill(0x7d))), /more lists and dicts than its length/],
    [
      "a name that is a list of two, in which there is the same list of two, and so on",
      stream(pickle([0x5d], Array.from({ length: 40 }, () => [0x32, 0x86]).flat(), [0x4b, 1, 0x93])),
      /names \(a list\)\.1, which is not among/,
    ],
    [
      "a dict of the same long list, again and again",
      stream(
        pickle(
          ...["ccollections\nOrderedDict\n", [0x71, 0, 0x30, 0x5d, 0x71, 1, 0x28]],
          Array.from({ length: 2000 }, () => [0x4b, 1, 0x4b, 2, 0x86]).flat(),
          [0x65, 0x30],
          Array.from({ length: 2000 }, () => [0x68, 0, 0x68, 1, 0x85, 0x52, 0x30]).flat(),
        ),
      ),
      /collections\.OrderedDict with the same long lists again and again/,
    ],
  ])("says what is wrong with %s", async (_, file, message) => {
    const reading = readPytorch(file);

    await expect(reading).rejects.toThrow(ModelFileError);
    await expect(reading).rejects.toThrow(message);
  });
});
