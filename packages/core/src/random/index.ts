export {
  permutation,
  placeOfWord,
  RandomStream,
  type StreamPurpose,
  seedKey,
  streamKey,
  streamPurposes,
  streamWord,
} from "./stream.js";
export { threefry2x32, type WordPair } from "./threefry.js";
