import { expect, it } from "vitest";
import { killWriters } from "./testing/killedWriter.js";

it("a process that is killed while it saves leaves a whole model", async () => {
  expect(await killWriters(4)).toMatchObject({ sound: 4, failures: [] });
});
