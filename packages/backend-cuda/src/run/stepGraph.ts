import type { CudaDevice } from "../device/device.js";
import { blockThreads } from "../kernels/launch.js";
import type { StepLaunch } from "./planLaunches.js";

/** CU_STREAM_CAPTURE_MODE_RELAXED: the driver may load kernels meanwhile, and other threads may call it. */
const relaxedCapture = 2;
/** CU_LAUNCH_PARAM_BUFFER_POINTER, _SIZE and _END. */
const [bufferPointer, bufferSize, end] = [1n, 2n, 0n];
const argumentsAt = 64;
const launchBytes = argumentsAt + 1024;

/** One or several steps as one launch: captured once, replayed as often as wanted. */
export class StepGraph {
  readonly #device: CudaDevice;
  readonly #executable: number;
  readonly steps: number;

  constructor(device: CudaDevice, launches: readonly StepLaunch[], steps: number) {
    this.#device = device;
    this.steps = steps;
    const sums = new SumsBeside(device);
    const submit = launchSubmitter(device, launches, (sum) => sums.start(sum));
    device.call("starting a capture", "cuStreamBeginCapture_v2", device.stream, relaxedCapture);
    let failure: unknown;
    try {
      for (let step = 0; step < steps; step++) {
        sums.beginStep();
        for (const launch of launches) {
          sums.join(launch.afterSums);
          submit(launch);
        }
      }
    } catch (error) {
      failure = error;
    }
    sums.dispose();
    const captured = new BigUint64Array(1);
    const result = device.driver.result("cuStreamEndCapture", device.stream, captured);
    if (failure !== undefined) {
      throw failure;
    }
    if (result !== 0) {
      device.call("capturing a step", "cuStreamEndCapture", device.stream, captured);
    }
    const graph = Number(captured[0]);
    this.#executable = device.get("instantiating the graph of a step", "cuGraphInstantiateWithFlags", graph, 0);
    device.call("freeing a graph", "cuGraphDestroy", graph);
  }

  /** Submits the steps. */
  launch(): void {
    this.#device.call("launching a step", "cuGraphLaunch", this.#executable, this.#device.stream);
  }

  dispose(): void {
    this.#device.driver.result("cuGraphExecDestroy", this.#executable);
  }
}

/** One step without a graph: waits for every launch, so that an error names the ops that failed. */
export function runOneByOne(device: CudaDevice, launches: readonly StepLaunch[]): void {
  const submit = launchSubmitter(device, launches, ({ address, count }) =>
    device.sumOverCards(address, count, device.stream),
  );
  for (const launch of launches) {
    submit(launch);
    device.call(`running ${launch.kernel} for ${launch.ops}`, "cuStreamSynchronize", device.stream);
  }
}

/**
 * Sums over cards on a stream of their own, ordered by events that the graph takes for its edges: a sum begins behind what was submitted
 * before it, and is waited for where it is asked for.
 */
class SumsBeside {
  readonly #device: CudaDevice;
  #begun: number | undefined;
  /** The end of each sum of a step. */
  readonly #ends: number[] = [];
  #started = 0;
  #joined = 0;

  constructor(device: CudaDevice) {
    this.#device = device;
  }

  beginStep(): void {
    this.#started = 0;
    this.#joined = 0;
  }

  start({ address, count }: Sum): void {
    const { stream, sumStream } = this.#device;
    this.#begun ??= this.#device.takeEvent();
    this.#device.call("marking the start of a sum over cards", "cuEventRecord", this.#begun, stream);
    this.#device.call("beginning a sum over cards", "cuStreamWaitEvent", sumStream, this.#begun, 0);
    this.#device.sumOverCards(address, count, sumStream);
    this.#ends[this.#started] ??= this.#device.takeEvent();
    this.#device.call("marking the end of a sum over cards", "cuEventRecord", this.#ends[this.#started]!, sumStream);
    this.#started++;
  }

  /** Has what is submitted next wait for the first `sums` sums of the step. */
  join(sums = 0): void {
    if (sums > this.#joined) {
      const { stream } = this.#device;
      this.#device.call("waiting for a sum over cards", "cuStreamWaitEvent", stream, this.#ends[sums - 1]!, 0);
      this.#joined = sums;
    }
  }

  /** The graph has kept what the events were for. */
  dispose(): void {
    for (const event of this.#begun === undefined ? [] : [this.#begun, ...this.#ends]) {
      this.#device.giveEventBack(event);
    }
  }
}

type Sum = NonNullable<StepLaunch["sum"]>;

/** Launches kernels with their arguments in one piece of native memory: the driver copies them as it is called. */
function launchSubmitter(
  device: CudaDevice,
  launches: readonly StepLaunch[],
  submitSum: (sum: Sum) => void,
): (launch: StepLaunch) => void {
  // Found before the first launch: the driver may have to load them.
  const kernels = new Map(
    launches.flatMap(({ kernel, sum }) => (sum === undefined ? [[kernel, device.kernel(kernel)]] : [])),
  );
  const { address, memory } = device.driver.scratch(launchBytes);
  const words = new BigUint64Array(memory, 0, argumentsAt / 8);
  const bytes = new Uint8Array(memory, argumentsAt);
  return ({ kernel: name, grid, arguments: packed, ops, sum }) => {
    if (sum !== undefined) {
      submitSum(sum);
      return;
    }
    // The list of options, then the size that one of them points to.
    words.set([bufferPointer, BigInt(address + argumentsAt), bufferSize, BigInt(address + 48), end, 0n]);
    words[6] = BigInt(packed.length);
    bytes.set(packed);
    const [kernel, { stream }] = [kernels.get(name)!, device];
    const what = `launching ${name} for ${ops}`;
    device.call(what, "cuLaunchKernel", kernel, ...grid, 1, blockThreads, 1, 1, 0, stream, 0, address);
  };
}
