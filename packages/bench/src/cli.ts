#!/usr/bin/env node
import { writeFile } from "node:fs/promises";
import { arch, availableParallelism, cpus, platform } from "node:os";
import { parseArgs } from "node:util";

const usage = `Usage: bench [--json <file>]

  --json <file>  also write the report as JSON
  --help         show this text
`;

const { values } = parseArgs({ options: { json: { type: "string" }, help: { type: "boolean" } } });

if (values.help) {
  process.stdout.write(usage);
} else {
  const report = {
    machine: {
      node: process.versions.node,
      platform: `${platform()}-${arch()}`,
      cpu: cpus()[0]?.model ?? "unknown",
      cores: availableParallelism(),
    },
    results: [],
  };
  process.stdout.write(`${report.machine.cpu}, ${report.machine.cores} cores, Node ${report.machine.node}\n`);
  process.stdout.write("No benchmarks are defined yet.\n");
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
}
