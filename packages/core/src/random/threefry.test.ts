import { expect, test } from "vitest";
import { threefry2x32, type WordPair } from "./threefry.js";

// Lines "threefry2x32 20" of kat_vectors in the Random123 distribution: counter, key, result.
const knownAnswers: [WordPair, WordPair, WordPair][] = [
  [
    [0, 0],
    [0, 0],
    [0x6b200159, 0x99ba4efe],
  ],
  [
    [0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x1cb996fc, 0xbb002be7],
  ],
  [
    [0x243f6a88, 0x85a308d3],
    [0x13198a2e, 0x03707344],
    [0xc4923a9c, 0x483df7a0],
  ],
];

test.each(knownAnswers)("counter %o under key %o", (counter, key, result) => {
  expect(threefry2x32(key, counter)).toEqual(result);
});
