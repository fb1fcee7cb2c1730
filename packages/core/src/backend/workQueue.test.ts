import { expect, it } from "vitest";
import { DeviceError } from "../errors.js";
import { WorkQueue } from "./workQueue.js";

it("does work in order, also behind work that fails", async () => {
  const queue = new WorkQueue();
  const done: string[] = [];
  const slow = queue.add(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    done.push("slow");
  });
  const failing = queue.add(() => {
    done.push("failing");
    throw new Error("no");
  });
  queue.addOrDo(() => done.push("waits"));
  expect(queue.idle).toBe(false);
  await expect(failing).rejects.toThrow("no");
  await slow;
  await queue.settled();
  expect(done).toEqual(["slow", "failing", "waits"]);
  expect(queue.idle).toBe(true);
});

it("does at once what may be done at once", () => {
  let done = false;
  new WorkQueue().addOrDo(() => {
    done = true;
  });
  expect(done).toBe(true);
});

it("rejects what has not begun when it is closed", async () => {
  const queue = new WorkQueue();
  const running = queue.add(() => "done");
  await running;
  const later = queue.add(() => "never");
  queue.close(new DeviceError("gone"));
  queue.close(new DeviceError("gone again"));
  await expect(later).rejects.toThrow(/^gone$/);
  await expect(queue.add(() => "never")).rejects.toThrow(DeviceError);
  await queue.settled();
});
