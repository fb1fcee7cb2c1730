import type { Plan } from "@convoy/core/backend";
import { encodePlan, type OpLaunch } from "./encode.js";
import type { Argument } from "./launch.js";

/** Where the buffers are imagined to lie: so far apart that an address tells its buffer. */
const bufferDistance = 2 ** 40;

/** A plan's program as text: stages, kernels, tasks, arguments, and the op and layer that each comes from. */
export function formatProgram(plan: Plan): string {
  const names = ["arena", ...Object.keys(plan.buffers).filter((name) => name !== "arena")];
  const { stages, scratchBytes, resultCount } = encodePlan(plan, (name) => (names.indexOf(name) + 1) * bufferDistance);
  const launches = stages.flat();
  const tasks = launches.reduce((sum, launch) => sum + launch.tasks, 0);
  const textOf = ({ type, value }: Argument): string => {
    if (type !== "address") {
      return type === "f32" ? String(Number(value.toPrecision(7))) : String(value);
    }
    const buffer = names[Math.floor(value / bufferDistance) - 1];
    return buffer === undefined ? "none" : `${buffer}+${value % bufferDistance}`;
  };
  return [
    `${plan.mode} plan, batch of ${plan.batchSize}: ${count(stages.length, "stage")}, ${count(launches.length, "launch")}, ` +
      `${count(tasks, "task")}, ${count(resultCount, "result")}, ${(scratchBytes / 1024).toFixed(1)} KB of scratch memory a thread`,
    ...stages.flatMap((stage, index) => [`stage ${index}`, ...stage.flatMap((launch) => lines(launch, textOf))]),
  ].join("\n");
}

function lines({ kernel, tasks, op, label, args }: OpLaunch, textOf: (argument: Argument) => string): string[] {
  const words = args.map((argument) => `${argument.name}=${textOf(argument)}`);
  return [`  ${kernel}, ${count(tasks, "task")}: ${op} (${label})`, ...wrapped(words).map((line) => `    ${line}`)];
}

/** Words in lines of about a hundred characters. */
function wrapped(words: readonly string[]): string[] {
  const result: string[] = [];
  for (const word of words) {
    const last = result[result.length - 1];
    if (last === undefined || last.length + word.length > 100) {
      result.push(word);
    } else {
      result[result.length - 1] = `${last} ${word}`;
    }
  }
  return result;
}

function count(number: number, noun: string): string {
  const plural = noun.endsWith("ch") ? `${noun}es` : `${noun}s`;
  return `${number} ${number === 1 ? noun : plural}`;
}
