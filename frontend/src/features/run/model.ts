import { jsonText } from '@/lib/exact-json';

/** One entry of a run's log, as `GET /api/runs/{id}` gives it. */
export interface LogEntry {
  n: number;
  kind: string;
  at: string;
  [data: string]: unknown;
}

export interface ToolCall {
  key: string;
  tool: string;
  args: unknown;
  /** The agent's own reason. */
  reason: string;
  state: 'running' | 'waiting' | 'done' | 'failed' | 'unknown' | 'not-run';
  result?: unknown;
  ms?: number;
}

interface Step {
  kind?: string;
  tool?: string;
  args?: unknown;
  reason?: string;
}

const OUTCOME: Record<string, ToolCall['state']> = { succeeded: 'done', failed: 'failed' };

/** The tools a run called, in order, from its log. */
export function toolCalls(log: LogEntry[]): ToolCall[] {
  const calls: ToolCall[] = [];
  const started = new Map<unknown, { call: ToolCall; at: string }>();
  let current: ToolCall | undefined;
  for (const entry of log) {
    const step = entry.step as Step | undefined;
    if (entry.kind === 'step') {
      if (current?.state === 'waiting') current.state = 'not-run';
      current = undefined;
      if (step?.kind !== 'tool' || !step.tool) continue;
      current = {
        key: String(entry.n),
        tool: step.tool,
        args: step.args,
        reason: step.reason ?? '',
        state: 'running',
      };
      calls.push(current);
    } else if (entry.kind === 'asked' && current) {
      current.state = 'waiting';
    } else if (
      entry.kind === 'resolved' &&
      current &&
      entry.action !== 'approve' &&
      entry.action !== 'edit'
    ) {
      current.state = 'not-run';
    } else if (entry.kind === 'execution_started' && current) {
      Object.assign(current, { state: 'running', args: entry.args ?? current.args });
      started.set(entry.execution_id, { call: current, at: entry.at });
    } else if (entry.kind === 'execution_finished') {
      const run = started.get(entry.execution_id);
      if (!run) continue;
      run.call.state = OUTCOME[String(entry.status)] ?? 'unknown';
      run.call.result = entry.result;
      run.call.ms = Math.max(0, Date.parse(entry.at) - Date.parse(run.at));
    } else if (entry.kind === 'ended' && current && ['running', 'waiting'].includes(current.state)) {
      current.state = current.state === 'waiting' ? 'not-run' : 'unknown';
    }
  }
  return calls;
}

/** "calculate, make_payment": each tool once. */
export function toolNames(calls: ToolCall[]): string {
  return [...new Set(calls.map(({ tool }) => tool))].join(', ');
}

/** "340 ms", "12 s" */
export function took(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 1000)} s`;
}

export function asText(value: unknown): string {
  return typeof value === 'string' ? value : jsonText(value, 2);
}
