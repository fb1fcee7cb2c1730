import { launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";
import { lossRows } from "./lossRows.js";

export const softmax: OpEncoder = ({ inputs: [x], outputs: [y] }, writer) => {
  const { tasks, ...rows } = lossRows(x!);
  writer.stage(launch("softmax", tasks, { x: x!.address, y: y!.address, ...rows }));
};

export const softmaxBackward: OpEncoder = ({ inputs: [dy, y], outputs: [dx] }, writer) => {
  const { tasks, ...rows } = lossRows(dy!);
  writer.stage(launch("softmaxBackward", tasks, { dy: dy!.address, y: y!.address, dx: dx!.address, ...rows }));
};
