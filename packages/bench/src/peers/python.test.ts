import { expect, it } from "vitest";
import { findPython, type RunCommand, runCommand } from "./python.js";

it("takes the first Python that has PyTorch", async () => {
  const tried: string[] = [];
  const run: RunCommand = async (command) => {
    tried.push(command);
    return tried.length === 1 ? Promise.reject(new Error("No module named 'torch'")) : "";
  };
  const last = process.platform === "win32" ? undefined : "/usr/bin/python3";
  if (last === undefined) {
    await expect(findPython(run)).rejects.toThrow("No module named 'torch'");
  } else {
    expect(await findPython(run)).toBe(last);
  }
});

it("says what each Python said when none has it", async () => {
  const run: RunCommand = async (command) => {
    throw new Error(`${command} has nothing`);
  };
  await expect(findPython(run)).rejects.toThrow(
    /no Python with PyTorch \(python.* has nothing.*\); install it with: python/,
  );
});

it("tells lines while a command runs, and ends with what it wrote", async () => {
  const lines: string[] = [];
  const script = "console.log('one\\ntwo'); process.stdout.write('three')";
  const written = await runCommand(process.execPath, ["-e", script], (line) => lines.push(line));
  expect(written).toBe("one\ntwo\nthree");
  expect(lines).toEqual(["one", "two"]);
});

it("rejects with a command's last complaint, its exit status, or its absence", async () => {
  const node = (script: string) => runCommand(process.execPath, ["-e", script]);
  await expect(node("console.error('first\\nlast'); process.exit(3)")).rejects.toThrow(/^last$/);
  await expect(node("process.exit(3)")).rejects.toThrow("ended with status 3");
  await expect(runCommand("no-such-command", [])).rejects.toThrow("ENOENT");
});
