import { ArgumentError } from "@convoy/core";
import { Labels } from "../backends/labels.js";
import { describeMachine, type Machine } from "../machine.js";
import { checkImages, syntheticShape } from "../networks/models.js";
import type { Entry, OpenParticipant } from "../participants/openParticipant.js";
import { type BenchReport, type BenchResult, schemaVersion } from "../report/result.js";
import { goalOf } from "./goal.js";
import { type loadData, usualDataset } from "./loadData.js";
import { runCase, type Watcher } from "./runCase.js";
import { shuffled } from "./shuffled.js";
import type { TrainingRequest } from "./trainingRequest.js";
import { countOf, firstImages, type Workload } from "./workload.js";

/** What the command works with; tests bring their own. */
export interface TrainingTools {
  readonly machine: Machine;
  readonly print: (line: string) => void;
  readonly watcher: Watcher;
  readonly open: OpenParticipant;
  readonly load: typeof loadData;
}

/** A report, and whether everything that could be opened also ran to its end and was right. */
export interface TrainingOutcome {
  readonly report: BenchReport;
  readonly failed: boolean;
}

/**
 * Trains and evaluates on every backend and peer asked for, for every seed, batch size and number of threads. One that cannot run
 * gets a row with its reason. Rejects only for what concerns them all: data that cannot be loaded, more samples than there are.
 */
export async function runTraining(request: TrainingRequest, tools: TrainingTools): Promise<TrainingOutcome> {
  const { print, watcher, open, load, machine } = tools;
  const { model, rounds } = request;
  print(describeMachine(machine));
  watcher.status("loading images");
  const name = request.dataset ?? usualDataset(model);
  const { dataset, train, test } = await load(name, syntheticShape(model), request.seed, print);
  checkImages(model, dataset, train.images.shape.slice(1));
  const { trainSamples = countOf(train) } = request;
  if (trainSamples > countOf(train)) {
    throw new ArgumentError(`--train-samples is ${trainSamples}, but ${dataset} has ${countOf(train)} training images`);
  }
  const entries: Entry[] = [
    ...request.backends.map((choice): Entry => ({ kind: "backend", choice })),
    ...request.peers.map((choice): Entry => ({ kind: "peer", choice })),
  ];
  const setting = {
    ...{ open, watcher, rounds, goalOf: goalOf.bind(undefined, request) },
    labels: new Labels(request.backends),
    ...(request.targetAccuracy === undefined ? {} : { targetAccuracy: request.targetAccuracy }),
  };
  const results: BenchResult[] = [];
  const peers: BenchResult[] = [];
  let failed = false;
  for (const { seed, batchSize, threads, isFirst } of cases(request)) {
    const first = firstImages(shuffled(train, seed), trainSamples);
    const workload: Workload = {
      ...{ model, dataset, train: first, test, batchSize, seed },
      ...(threads === undefined ? {} : { threads }),
    };
    print(`\n${describe(request, workload)}`);
    const taking = isFirst ? entries : entries.filter(({ choice }) => hasThreads(choice));
    const { rows, failed: wrong } = await runCase(taking, workload, setting);
    failed ||= wrong;
    rows.forEach((row, index) => {
      (taking[index]?.kind === "peer" ? peers : results).push(row);
    });
  }
  const report = { schema: schemaVersion, date: new Date().toISOString(), machine, results } as const;
  return { report: request.peers.length > 0 ? { ...report, peers } : report, failed };
}

/** One combination of what is varied. */
interface Case {
  readonly seed: number;
  readonly batchSize: number;
  readonly threads?: number;
  /** Whether no other number of threads came before: what has no threads runs then alone. */
  readonly isFirst: boolean;
}

function cases({ seed, seeds, batchSizes, threads }: TrainingRequest): Case[] {
  const all: Case[] = [];
  for (let offset = 0; offset < seeds; offset++) {
    for (const batchSize of batchSizes) {
      for (const [index, count] of (threads ?? [undefined]).entries()) {
        all.push({
          ...{ seed: seed + offset, batchSize, isFirst: index === 0 },
          ...(count === undefined ? {} : { threads: count }),
        });
      }
    }
  }
  return all;
}

/** Whether a number of threads means something to a backend or peer. */
function hasThreads(choice: string): boolean {
  return choice === "wasm" || choice === "pytorch";
}

/** "tutorial on mnist, batch 64, seed 0: one epoch of 60,000 images, or as many as 10 s hold" */
function describe(request: TrainingRequest, { model, dataset, batchSize, seed, threads, train }: Workload): string {
  const { epochs = 1 } = request;
  const { timeLimitMs } = goalOf(request, { slow: false });
  const threadText = threads === undefined ? "" : `, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  const epochText = `${epochs} ${epochs === 1 ? "epoch" : "epochs"} of ${countOf(train).toLocaleString("en-US")} images`;
  const limit = timeLimitMs === undefined ? "" : `, or as many as ${timeLimitMs / 1000} s hold`;
  return `${model} on ${dataset}, batch ${batchSize}${threadText}, seed ${seed}: ${epochText}${limit}`;
}
