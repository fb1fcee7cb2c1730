import type { OpInstance } from "@convoy/core/backend";
import { describe, expect, it } from "vitest";
import { cuda } from "./index.js";
import { findEmulator } from "./testing/emulator.js";

const { library, note } = findEmulator();

describe.skipIf(library === undefined)(`an op without kernel on the emulator${note}`, () => {
  it("is refused by name and wants no memory", async () => {
    const backend = await cuda({ library: library! });
    const tensor = { shape: [3], dtype: "float32" } as const;
    const op = { op: "inverse" as OpInstance["op"], attributes: {}, inputs: [tensor], outputs: [tensor] };
    expect(backend.supports(op)).toBe('the cuda backend has no kernel for "inverse"');
    expect(backend.workspaceBytes!(op)).toBe(0);
    await backend.dispose();
  });
});
