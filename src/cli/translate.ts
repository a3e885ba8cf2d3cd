import { Command } from 'commander';
import { readText } from '../config/read-file.ts';
import { formatProblem } from '../core/problem.ts';
import { refusals } from '../translate/refusals.ts';
import { translateCron } from '../translate/translate-cron.ts';
import { translateHpa } from '../translate/translate-hpa.ts';
import { translateRay } from '../translate/translate-ray.ts';
import {
  noteText,
  type Translated,
  type TranslateOptions,
  translationText,
} from '../translate/translation.ts';
import type { Io } from './io.ts';

type Translator = (text: string, options: TranslateOptions) => Translated;

interface Flags {
  readonly model: string;
  readonly namespace: string;
  readonly scalerAddress: string;
  readonly name?: string;
  readonly timezone?: string;
  readonly hours?: string;
}

/** `bellwether translate`: other autoscalers' configuration as Bellwether's, and what cannot be carried over. */
export function translateCommand(io: Io): Command {
  return new Command('translate')
    .description("other autoscalers' configuration as Bellwether's; what cannot be carried over is said")
    .addCommand(rayCommand(io))
    .addCommand(cronCommand(io))
    .addCommand(hpaCommand(io));
}

function rayCommand(io: Io): Command {
  return withTarget(new Command('ray-config'))
    .description(
      'Ray Serve YAML, or Python text with AutoscalingConfig(...) literals: policy, ScaledObject, window',
    )
    .argument('<file>', 'a Serve config, a RayService or a Python file, which is read and never run')
    .option('--hours <hours>', 'when the second of two configs holds, as "09:30-16:00"')
    .option('--timezone <zone>', 'IANA time zone of the hours')
    .addHelpText('after', example('ray-config serving/autoscaling_policy.py --model llama-3-8b > fleet.yaml'))
    .action((file: string, flags: Flags) => run(io, { file, flags, translate: translateRay }));
}

function cronCommand(io: Io): Command {
  return new Command('keda-cron')
    .description('the cron triggers of a KEDA ScaledObject: a calendar with windows')
    .argument('<scaledobject.yaml>', 'a file with ScaledObjects')
    .addHelpText('after', example('keda-cron scaledobject.yaml > calendars/desk.yaml'))
    .action((file: string) => run(io, { file, flags: DEFAULTS, translate: translateCron }));
}

function hpaCommand(io: Io): Command {
  return withTarget(new Command('hpa'))
    .description('a HorizontalPodAutoscaler: policy and ScaledObject')
    .argument('<file>', 'a file with HorizontalPodAutoscalers (autoscaling/v2)')
    .addHelpText('after', example('hpa hpa.yaml --model llama-3-8b > fleet.yaml'))
    .action((file: string, flags: Flags) => run(io, { file, flags, translate: translateHpa }));
}

const DEFAULTS = {
  model: 'CHANGE-ME',
  namespace: 'default',
  scalerAddress: 'bellwether.bellwether.svc:6000',
};

function withTarget(command: Command): Command {
  return command
    .option('--model <name>', "the fleet's model_name in vLLM's metrics", DEFAULTS.model)
    .option('--namespace <name>', 'of the ScaledObject', DEFAULTS.namespace)
    .option('--name <name>', 'of the ScaledObject and its Deployment')
    .option('--scaler-address <host:port>', "Bellwether's gRPC address", DEFAULTS.scalerAddress);
}

function example(command: string): string {
  return `\nExample:\n  $ bellwether translate ${command}`;
}

interface Run {
  readonly file: string;
  readonly flags: Flags;
  readonly translate: Translator;
}

async function run(io: Io, { file, flags, translate }: Run): Promise<void> {
  const read = await readText(file);
  if ('fault' in read) {
    io.err(`error: ${file}: must be a file that can be read, ${read.fault}`);
    io.setExitCode(2);
    return;
  }
  const translated = translate(read.text, { ...flags, file });
  if ('problems' in translated) {
    for (const problem of translated.problems) io.err(formatProblem(problem));
    io.setExitCode(1);
    return;
  }
  const output = translationText(translated, file);
  for (const note of translated.notes) io.err(`${file}: ${noteText(note)}`);
  const refused = refusals(output, Date.now());
  for (const { path, message } of refused)
    io.err(`${file}: translated, but check refuses it: ${path} ${message}`);
  if (refused.length > 0) io.setExitCode(1);
  // The text is complete either way, and the comments in it say what to mend.
  io.out(output.trimEnd());
}
