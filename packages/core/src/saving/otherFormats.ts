/** How model files of other programs begin. */
const beginnings: readonly (readonly [bytes: readonly number[], name: string])[] = [
  [[0x50, 0x4b, 3, 4], "a zip archive, as Keras' .keras and PyTorch's .pt files are"],
  [[0x89, 0x48, 0x44, 0x46], "an HDF5 file, as Keras' .h5 files are"],
  [[0x80, 2], "a pickle, as old files of PyTorch are"],
  [[0x7b], "JSON, as the model.json of TensorFlow.js is"],
  // Field 1, the version, which is small, then field 2 or 7.
  ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13].flatMap((version) =>
    [0x12, 0x3a].map((next) => [[8, version, next], "ONNX"] as const),
  ),
];

/** Endings of files of other programs. */
const endings = [".keras", ".h5", ".hdf5", ".onnx", ".pt", ".pth", ".json", ".tflite"];

/** What a file of another program looks like, with what reads it; undefined where it looks like none. */
export function otherFormat(bytes: Uint8Array): string | undefined {
  const found = beginnings.find(([start]) => start.every((byte, index) => bytes[index] === byte));
  return found && `this is ${found[1]}; loadModel and loadWeights of @convoy/formats read files of other programs`;
}

/** What is wrong with a path that other programs would take for a file of their own; undefined where nothing is. */
export function misleadingEnding(path: string): string | undefined {
  const ending = endings.find((each) => path.toLowerCase().endsWith(each));
  return (
    ending &&
    `${path} ends in ${ending}, but models are saved in Convoy's own format, for which .safetensors is usual; saveModel(model, path) of ` +
      "@convoy/formats writes files for other programs"
  );
}
