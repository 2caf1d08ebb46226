import type { components } from './schema';

type Schemas = components['schemas'];
/** The documented fields. The API may always add some, which the generated types express as "any other key". */
type Known<T> = { [K in keyof T as string extends K ? never : K]: T[K] };

export type Person = Known<Schemas['Person']>;
export type By = Known<Schemas['By']>;
/** `agent_detail` comes with the passing `agent_status` frame. */
export type Session = Known<Schemas['Session']> & { agent_detail?: string | null };
export type AgentStatus = Session['agent_status'];
export type Message = Known<Schemas['Message']>;

export type FeedbackRequest = Known<Schemas['FeedbackRequest']>;
export type FeedbackType = FeedbackRequest['type'];
export type Action = Known<Schemas['RequestAction']>;
export type Option = Known<Schemas['RequestOption']>;
export type Field = Known<Schemas['RequestField']>;
export type FieldType = Field['type'];
export type Delivery = Known<Schemas['Delivery']>;
/** A mail that came about a request. */
export type Letter = Known<Schemas['Mail']>;

export type Channel = Known<Schemas['Channel']>;
export type Mailbox = Known<Schemas['Mailbox']>;
export type ChannelType = Channel['type'];

/** `/config.json` is the web app's own and no part of the API. */
export interface Config {
  product: string;
  version: string;
  registration: 'first' | 'open' | 'closed';
  first_account: boolean;
  model: string;
  max_query_length: number;
}
