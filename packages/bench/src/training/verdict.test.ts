import { expect, it } from "vitest";
import { judge, passes } from "./verdict.js";

const mnist = { model: "tutorial", dataset: "mnist", batchSize: 64 } as const;
const good = { losses: [2.31, 2.25, 2.1], testAccuracy: 0.985, testSamples: 10_000, samplesSeen: 60_000 };

it("accepts losses that rounding parts from the reference's, and the accuracy that is stated", () => {
  const verdict = judge(good, [2.3101, 2.2499], mnist);
  expect(verdict).toEqual({ lossesAgree: true, accuracyReached: true });
  expect(passes(verdict)).toBe(true);
});

it("says which loss is wrong, also one that is no number", () => {
  expect(judge({ ...good, losses: [2.31, 2.2] }, [2.31, 2.25], mnist)).toMatchObject({
    lossesAgree: false,
    reason: "the loss of step 2 is 2.20000, the reference's 2.25000",
  });
  expect(passes(judge({ ...good, losses: [Number.NaN] }, [2.31], mnist))).toBe(false);
});

it("says what accuracy is missing, and allows for few test images", () => {
  const low = { ...good, testAccuracy: 0.9 };
  expect(judge(low, [], mnist).reason).toMatch(/^90\.00% of the test images, where 9\d\.\d\d% is expected after 60000/);
  expect(judge({ ...low, testSamples: 40 }, [], mnist)).toEqual({ lossesAgree: null, accuracyReached: true });
});

it("judges nothing that nothing is known of, and says what that is", () => {
  expect(judge(good, [], { model: "stem224", dataset: "synthetic", batchSize: 8 })).toEqual({
    ...{ lossesAgree: null, accuracyReached: null },
    accuracyNotJudged: "none is stated for stem224 on synthetic",
  });
  expect(judge({ ...good, samplesSeen: 64 }, [], mnist)).toMatchObject({
    ...{ accuracyReached: null, accuracyNotJudged: "none is stated for fewer than 2,560 images" },
  });
  expect(judge(good, [], { ...mnist, batchSize: 512 })).toMatchObject({
    ...{ accuracyReached: null, accuracyNotJudged: "none is stated for batches larger than 64" },
  });
  // What cannot train has no accuracy that could be judged.
  expect(judge({ ...good, samplesSeen: 0, testAccuracy: null }, [], mnist)).toEqual({
    ...{ lossesAgree: null, accuracyReached: null },
  });
});
