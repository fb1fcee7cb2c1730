import { ConvoyError } from "../errors.js";
import { expectConvoyError, rejection } from "./bufferCases.js";
import type { ConformanceCase } from "./conformanceCase.js";
import { require } from "./failure.js";
import { descent, steps } from "./runCases.js";
import { Workspace } from "./workspace.js";

/** The end of a backend: what runs still settles, and nothing starts any more. Leaves the backend disposed of. */
export const disposalCase: ConformanceCase = {
  level: "smoke",
  op: "backend",
  name: "backend: dispose",
  async run(backend) {
    // Buffers and executables are disposed of after their backend: that must be harmless, too.
    await Workspace.use(backend, async (workspace) => {
      const descend = await workspace.compile(descent);
      const running = rejection(() => descend.run(steps(500)));
      await backend.dispose();
      await backend.dispose();
      const error = await running;
      require(error === undefined ||
        error instanceof
          ConvoyError, `backend: a run that dispose cuts short must reject with a DeviceError, rejected with ${error}`);
      const spec = { dtype: "float32", length: 1 } as const;
      await expectConvoyError("backend: createBuffer after dispose", () => backend.createBuffer("late", spec));
      await expectConvoyError("backend: run after dispose", () => descend.run(steps(1)));
    });
  },
};
