import { Problem } from '@/api/problem';
import type { FeedbackRequest, FeedbackType, RequestMail } from '@/api/types';
import { type Draft, emptyDraft } from '@/features/feedback/model';
import { answered, aRequest, dana } from '@/testing/fixtures';
import { deliveryExamples } from './delivery-examples';
import { answeredByMail, mailExamples } from './mail-examples';

/** One card in one state. */
export interface RequestExample {
  state: string;
  request: FeedbackRequest;
  draft: Draft;
  busy?: boolean;
  error?: unknown;
  updated?: boolean;
  blocked?: string;
  tooLate?: boolean;
  unsent?: string;
  /** The mails that came about it. */
  mails?: RequestMail[];
  /** Buttons to press after it is shown, by their names, to open a step of the decision. */
  press?: string[];
}

const MINUTE = 60_000;
const ahead = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString();
const sam = { id: 'p2', name: 'Sam' };

const letter = [
  'Dear Bob,',
  'thank you for the delivery of last week. Two of the twelve boxes were damaged, as the pictures show.',
  'Please send replacements, or a credit note over the amount below, within fourteen days.',
].join('\n\n');

const OPEN: Record<FeedbackType, Partial<FeedbackRequest>> = {
  confirmation: {
    title: 'Pay 500 to Bob?',
    prompt: 'Bob sent an [invoice](https://invoices.example.org/2041) for **two boxes**. It is due today.',
    action: {
      tool: 'make_payment',
      args: { amount: 500, to: 'Bob', reference: 'Invoice 2041', urgent: false },
      risk: 'medium',
      digest: 'd1',
    },
  },
  choice: {
    title: 'Where shall we meet?',
    prompt: 'All three are free on the day.',
    action: undefined,
    allowed_actions: ['submit', 'decline'],
    options: [
      { value: 'lisbon', label: 'Lisbon', description: 'Two hours for most, the cheapest hotels' },
      { value: 'porto', label: 'Porto', description: 'Smaller, and one change for everybody' },
      { value: 'madrid', label: 'Madrid' },
    ],
    on_timeout: 'decline',
  },
  text: {
    title: 'How shall the letter begin?',
    prompt: 'The last one began with "Dear team".',
    action: undefined,
    allowed_actions: ['submit', 'decline'],
    on_timeout: 'decline',
  },
  form: {
    title: 'Details of the booking',
    prompt: 'The hotel needs these.',
    action: undefined,
    allowed_actions: ['submit', 'decline'],
    on_timeout: 'decline',
    fields: [
      { name: 'name', type: 'text', description: 'As in the passport', required: true },
      { name: 'email', type: 'email', description: '', required: true, value: 'dana@example.org' },
      { name: 'nights', type: 'integer', description: '', required: true, value: 2 },
      { name: 'arrival', type: 'date', description: '', required: false },
      {
        name: 'room',
        type: 'enum',
        description: '',
        required: false,
        options: [
          { value: 'single', label: 'Single' },
          { value: 'double', label: 'Double' },
        ],
      },
      {
        name: 'extras',
        type: 'multi_enum',
        description: 'Charged by the night',
        required: false,
        options: [
          { value: 'parking', label: 'Parking' },
          { value: 'breakfast', label: 'Breakfast' },
        ],
      },
      { name: 'quiet', type: 'boolean', description: 'Away from the street', required: false },
      { name: 'wishes', type: 'long_text', description: '', required: false },
    ],
  },
  checkpoint: {
    title: 'Review the plan',
    prompt: 'The analysis starts after this.',
    action: undefined,
    checkpoint: 'after_planning',
    allowed_actions: ['continue', 'revise', 'skip', 'stop'],
    on_timeout: 'stop',
    context: {
      artifact:
        '# Plan\n\nGoal: **a launch in March**.\n\n1. Talk to ten customers\n2. Write the announcement\n3. Try it with one of them\n\n| Step | Days |\n| --- | --- |\n| Talk | 5 |\n| Write | 2 |',
    },
  },
};

const TYPED: Record<FeedbackType, Partial<Draft>> = {
  confirmation: { reason: 'The invoice names another account.' },
  choice: { choice: ['porto'] },
  text: { text: 'Good morning, everybody' },
  form: { values: { name: 'Dana Doe', arrival: '2027-03-04', quiet: true } },
  checkpoint: { text: 'Talk to twenty customers instead.' },
};

/** How one answers each: by its main action. */
const GIVEN: Record<FeedbackType, [string, Record<string, unknown>?, string?]> = {
  confirmation: ['approve'],
  choice: ['submit', { choice: 'porto' }],
  text: ['submit', undefined, 'Good morning, everybody'],
  form: ['submit', { name: 'Dana Doe', email: 'dana@example.org', nights: 2 }],
  checkpoint: ['continue'],
};

function open(type: FeedbackType, state: string, change: Partial<FeedbackRequest> = {}): FeedbackRequest {
  return aRequest({
    type,
    due_at: ahead(14.5 * MINUTE),
    ...OPEN[type],
    ...change,
    id: `${type}-${slug(state)}`,
  });
}

export function slug(state: string): string {
  return state.toLowerCase().replaceAll(/[^a-z]+/g, '-');
}

/** The states that every kind of request has. */
function common(type: FeedbackType): RequestExample[] {
  const draft = { ...emptyDraft, ...TYPED[type] };
  const words = Object.values(TYPED[type]).flatMap((value) =>
    typeof value === 'string' ? [value] : Object.values(value ?? {}).map(String),
  );
  const unsent = words.join('\n');
  const [action, values, feedback] = GIVEN[type];
  const settle = (state: string, by = { id: 'p1', name: 'Dana' }, via = 'chat') =>
    answered(open(type, state), action, {
      response: {
        action,
        by,
        via,
        at: ahead(-2 * MINUTE),
        values: values ?? undefined,
        feedback: feedback ?? undefined,
      },
    });
  const one = (
    state: string,
    more: Partial<RequestExample> & { change?: Partial<FeedbackRequest> } = {},
  ): RequestExample => {
    const { change, ...rest } = more;
    return { state, request: open(type, state, change), draft: emptyDraft, ...rest };
  };
  return [
    one('Pending'),
    one('Draft', { draft, ...(type === 'confirmation' && { press: ['Reject'] }) }),
    one('Submitting', { draft, busy: true }),
    one('Failed to submit', { draft, error: new Problem(503, { instance: 'req_5f2c' }) }),
    one('Updated since you opened it', { updated: true, change: { version: 2 } }),
    one('Last minute', { change: { due_at: ahead(45_000) } }),
    ...deliveryExamples(sam).map(({ state, ...more }) => one(state, more)),
    one('Not allowed', { blocked: 'Only Sam can decide this.' }),
    one('Offline', { blocked: 'You are offline. You can decide as soon as the connection is back.' }),
    { state: 'Answered by you', request: settle('Answered by you'), draft: emptyDraft },
    { state: 'Answered elsewhere', request: settle('Answered elsewhere', sam, 'slack'), draft, unsent },
    {
      state: 'Answered by mail',
      ...answeredByMail(settle('Answered by mail', dana, 'email')),
      draft: emptyDraft,
      press: ['Show the mail'],
    },
    { state: 'Too late', request: settle('Too late', sam, 'email'), draft, unsent, tooLate: true },
    one('Timed out', { unsent, change: { status: 'expired', due_at: ahead(-MINUTE) } }),
    one('Withdrawn', {
      unsent,
      change: { status: 'cancelled', closed: { by: sam, at: ahead(-2 * MINUTE) } },
    }),
    one('Run cancelled', {
      change: {
        status: 'cancelled',
        closed: { why: 'the run was cancelled', at: ahead(-2 * MINUTE) },
      },
    }),
  ];
}

function ofConfirmation(): RequestExample[] {
  const type = 'confirmation';
  const call = (
    args: Record<string, unknown>,
    risk: 'low' | 'medium' | 'high' = 'low',
    tool = 'send_letter',
  ) => ({
    action: { tool, args, risk, digest: 'd' },
  });
  const one = (
    state: string,
    change: Partial<FeedbackRequest>,
    more: Partial<RequestExample> = {},
  ): RequestExample => ({
    state,
    request: open(type, state, change),
    draft: emptyDraft,
    ...more,
  });
  const hidden = {
    to: 'Bob\u202edrawrof',
    account: 'p\u0430ypal',
    site: 'https://p\u0430ypal.com/login',
    note: 'no\u200bthing ',
  };
  return [
    one('High risk, asking for the name', call({ amount: 500, to: 'Bob' }, 'high', 'make_payment'), {
      press: ['Approve'],
    }),
    one('Editing', {}, { press: ['Edit and approve'], draft: { ...emptyDraft, args: { amount: '250' } } }),
    one('As JSON', call({ to: 'Bob', lines: [1, 2], text: letter }), { press: ['JSON'] }),
    one('Long value', call({ to: 'Bob', text: `${letter}\n\n`.repeat(12) })),
    one('No arguments', call({}, 'low', 'restart')),
    one('Hidden characters', call(hidden)),
    one('Asked by a program', {
      ...call({ host: 'db-1' }, 'low', 'drop_table'),
      run_id: null,
      requester: { kind: 'program', id: 'p2', name: 'Sam' },
    }),
    one('Asked by a person named like the agent', {
      ...call({ host: 'db-1' }, 'low', 'drop_table'),
      run_id: null,
      requester: { kind: 'person', id: 'p2', name: 'Assent \u202etnega\u200b' },
    }),
    one('Digits beyond a browser', call({ amount: 2 ** 70 })),
    one('Outcome unknown', {
      context: { note: 'The last try ended without a reply. The payment may have been made already.' },
    }),
    ...mailExamples().map(({ state, change, mails, press }) => one(state, change, { mails, press })),
    {
      state: 'Rejected',
      draft: emptyDraft,
      request: answered(open(type, 'Rejected'), 'reject', {
        response: {
          action: 'reject',
          by: sam,
          via: 'chat',
          at: ahead(-MINUTE),
          feedback: 'The invoice names another account.',
        },
      }),
    },
    {
      state: 'Approved with changes',
      draft: emptyDraft,
      request: answered(open(type, 'Approved with changes'), 'edit', {
        response: {
          action: 'edit',
          by: sam,
          via: 'chat',
          at: ahead(-MINUTE),
          values: { amount: 250, to: 'Bob' },
        },
      }),
    },
  ];
}

const invalid = new Problem(422, {
  errors: [{ field: 'values.email', message: 'This is not an email address.' }],
});

/** Every kind of request in every state it can be in. */
export function requestExamples(): Record<FeedbackType, RequestExample[]> {
  const form = 'form';
  const several = 'Several';
  return {
    confirmation: [...common('confirmation'), ...ofConfirmation()],
    choice: [
      ...common('choice'),
      {
        state: several,
        request: open('choice', several, { multiple: true }),
        draft: { ...emptyDraft, choice: ['lisbon', 'porto'] },
      },
    ],
    text: common('text'),
    form: [
      ...common(form),
      { state: 'Refused by the server', request: open(form, 'Refused'), draft: emptyDraft, error: invalid },
    ],
    checkpoint: [
      ...common('checkpoint'),
      {
        state: 'Asking for a revision',
        request: open('checkpoint', 'Asking'),
        draft: { ...emptyDraft, ...TYPED.checkpoint },
        press: ['Revise'],
      },
    ],
  };
}
