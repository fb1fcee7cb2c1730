import { type ModelName, syntheticShape } from "../networks/models.js";
import { openIn } from "../participants/inProcess.js";
import type { Participant } from "../participants/participant.js";
import { formatFigure } from "../report/numbers.js";
import { formatTable } from "../report/table.js";
import { drawImages } from "../training/syntheticImages.js";
import type { Workload } from "../training/workload.js";
import { checkOut, repositoryRoot } from "./checkout.js";
import { allowedSlowdown, grownCounts, type Judged, judgeRounds } from "./judgeRounds.js";
import { timeInTurns } from "./timeInTurns.js";

/** What `bench compare --base --head` is asked to do. */
export interface RevisionsRequest {
  readonly base: string;
  readonly head: string;
  readonly backend: string;
  readonly model: ModelName;
  readonly batchSize: number;
  readonly rounds: number;
  readonly threads?: number;
}

/** Builds two versions, lets them take turns and prints what became slower or larger. False where something did. */
export async function compareRevisions(
  request: RevisionsRequest,
  print: (line: string) => void,
  status: (text: string) => void,
): Promise<boolean> {
  const { base, head, backend, model, batchSize, rounds, threads } = request;
  const root = await repositoryRoot();
  const shape = syntheticShape(model);
  const workload: Workload = {
    ...{ model, dataset: "synthetic", batchSize, seed: 0, ...(threads === undefined ? {} : { threads }) },
    train: drawImages(shape, 8 * batchSize, 0),
    test: drawImages(shape, batchSize, 1),
  };
  const versions: { readonly participant: Participant; readonly sizes: Readonly<Record<string, number>> }[] = [];
  const endings: (() => Promise<void>)[] = [];
  try {
    for (const ref of [base, head]) {
      status(`building ${ref}`);
      const checkout = await checkOut(root, ref, backend);
      endings.unshift(checkout.remove);
      const participant = await openIn(checkout.program)({ kind: "backend", choice: backend }, workload);
      endings.unshift(() => participant.close());
      await participant.train({ epochs: 1 });
      versions.push({ participant, sizes: checkout.sizes });
    }
    const [first, second] = versions as [(typeof versions)[number], (typeof versions)[number]];
    const times = await timeInTurns(first.participant, second.participant, rounds, status);
    const counts = await Promise.all(
      [first, second].map(async ({ participant, sizes }) => ({ ...(await participant.counts()), ...sizes })),
    );
    status("");
    const judged = judgeRounds(times);
    const grown = grownCounts(counts[0] ?? {}, counts[1] ?? {});
    print(formatJudged(judged, grown));
    return grown.length === 0 && judged.every(({ isSlower }) => !isSlower);
  } finally {
    for (const end of endings) {
      await end();
    }
  }
}

function formatJudged(judged: readonly Judged[], grown: readonly string[]): string {
  const rows = judged.map(({ name, base, head, ratio, low, high, isSlower }) => [
    ...[name, formatFigure(base), formatFigure(head), ratio.toFixed(2), `${low.toFixed(2)} to ${high.toFixed(2)}`],
    isSlower ? "SLOWER" : "",
  ]);
  const columns = [
    { heading: "what", width: 60 },
    ...["base, µs", "head, µs", "ratio", "interval"].map((heading) => ({ heading, align: "right" as const })),
    { heading: "" },
  ];
  const slower = judged.filter(({ isSlower }) => isSlower).length;
  const summary = `${slower} of ${judged.length} are slower by more than ${allowedSlowdown * 100}%; ${grown.length} counts have grown.`;
  return [formatTable(columns, rows), ...grown.map((line) => `GROWN ${line}`), summary].join("\n\n");
}
