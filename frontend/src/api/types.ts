import type { components } from './schema';

type Schemas = components['schemas'];

export type Person = Schemas['PersonView'];
export type By = Schemas['By'];
/** `agent_detail` comes with the passing `agent_status` frame. */
export type Session = Schemas['Session'] & { agent_detail?: string | null };
export type AgentStatus = Session['agent_status'];
export type Message = Schemas['Message'];

export type FeedbackRequest = Schemas['FeedbackRequest'];
export type FeedbackType = FeedbackRequest['type'];
export type Requester = Schemas['Requester'];
export type Action = Schemas['RequestAction'];
export type Option = Schemas['RequestOption'];
export type Field = Schemas['RequestField'];
export type FieldType = Field['type'];
export type Delivery = Schemas['Delivery'];
/** A mail that came about a request. */
export type RequestMail = Schemas['Mail'];

export type Channel = Schemas['ChannelView'];
export type Mailbox = Schemas['Mailbox'];
export type ChannelType = Channel['type'];

/** `/config.json` is the web app's own and no part of the API. */
export interface Config {
  product: string;
  version: string;
  registration: 'first' | 'open' | 'closed';
  first_account: boolean;
  setup_code: boolean;
  model: string;
  max_query_length: number;
}
