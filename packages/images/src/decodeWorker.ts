import { readFile } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import { openDecoder } from "./decodeNode.js";
import type { DecodeAnswer, DecodeJob, DecodeWorkerData } from "./decodePool.js";
import { readImage } from "./readImage.js";

/** A thread that reads and decodes one file after the other. */
const { settings, decoder } = workerData as DecodeWorkerData;
const decode = openDecoder(decoder);
// Its rejection is told with the first file.
decode.catch(() => undefined);

parentPort!.on("message", async ({ id, path }: DecodeJob) => {
  let answer: DecodeAnswer;
  try {
    const image = await readImage(new Uint8Array(await readFile(path)), path, settings, await decode);
    answer = { id, image };
  } catch (error) {
    const { name, message } = error as Error;
    answer = { id, failure: { name, message } };
  }
  parentPort!.postMessage(answer, answer.image === undefined ? [] : [answer.image.buffer]);
});
