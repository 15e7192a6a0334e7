import { CommandError } from '../../support/command.ts';
import { clipped, printable } from '../../support/words.ts';
import { neededRights, type ServiceCall } from './rights.ts';

/** The service does not do this call for this cluster: Kafka's own protocol may. */
export class UnsupportedCall extends CommandError {}

const groups: readonly (readonly [explain: (call: ServiceCall, error: Failed) => string, names: readonly string[]])[] =
  [
    [missingRights, ['AccessDeniedException', 'AccessDenied', 'ForbiddenException', 'NotAuthorized']],
    [expired, ['ExpiredTokenException', 'ExpiredToken', 'RequestExpired']],
    [
      invalidCredentials,
      [
        ...[
          'UnrecognizedClientException',
          'InvalidClientTokenId',
          'InvalidSignatureException',
          'SignatureDoesNotMatch',
        ],
        ...['IncompleteSignature', 'MissingAuthenticationTokenException', 'UnauthorizedException'],
      ],
    ],
    [noCredentials, ['CredentialsProviderError', 'TokenProviderError']],
    [throttled, ['TooManyRequestsException', 'ThrottlingException', 'Throttling', 'RequestLimitExceeded']],
    [notFound, ['NotFoundException']],
    [
      notNow,
      [
        ...['ClusterConnectivityException', 'ConflictException', 'ControllerMovedException', 'NotControllerException'],
        ...['GroupSubscribedToTopicException', 'KafkaRequestException', 'KafkaTimeoutException'],
        ...['ReassignmentInProgressException', 'UnknownTopicOrPartitionException'],
      ],
    ],
    [serviceFault, ['InternalServerErrorException', 'ServiceUnavailableException']],
    [badRequest, ['BadRequestException', 'ValidationException']],
  ];
const unreachable = /^(?:ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT)$/;
/** What a front door says that knows no such path: a region, or a partition of AWS, without the topic calls. */
const unknownCall = ['UnknownOperationException', 'MissingAuthenticationTokenException'];

/** What is used of an error, whoever made it. */
interface Failed {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly InvalidParameter?: unknown;
  readonly $metadata?: { readonly attempts?: number; readonly httpStatusCode?: number };
}

/** Says in one sentence what a call failed of and what to do about it; no credential is in it. */
export function failure(thrown: unknown, call: ServiceCall): CommandError {
  if (thrown instanceof CommandError) return thrown;
  if (!(thrown instanceof Error)) return sentence(`${subject(call)} failed: ${quoted(String(thrown))}`);
  const error = thrown as Failed; // more members only, each of them optional
  const { name, message } = error;
  if (/^Region is missing/.test(message)) return sentence(noRegion());
  if (call.topic !== undefined || call.operation === 'ListTopics') {
    const unsupported =
      name === 'BadRequestException' && /\bnot (?:supported|available)\b|\bunsupported\b/i.test(message);
    if (unsupported || unknownCall.includes(name)) {
      return new UnsupportedCall(`MSK does not do ${subject(call)}${because(error)}: it takes Kafka's own protocol.`);
    }
  }
  const explain = groups.find(([, names]) => names.includes(name))?.[0];
  if (explain) return sentence(explain(call, error));
  if (unreachable.test(String(error.code)) || name === 'TimeoutError') return sentence(noAnswer(call, error));
  if (error.$metadata?.httpStatusCode === 429) return sentence(throttled(call, error));
  if (Number(error.$metadata?.httpStatusCode) >= 500) return sentence(serviceFault(call, error));
  if (thrown instanceof SyntaxError) return sentence(noService(call));
  return sentence(`${subject(call)} failed${because(error)} (${printable(name)}): look it up in the guide of MSK`);
}

function sentence(text: string): CommandError {
  return new CommandError(/[.?]$/.test(text) ? text : `${text}.`);
}

function subject({ operation, topic, clusterArn }: ServiceCall): string {
  const on = topic ?? clusterArn;
  return on === undefined ? operation : `${operation} of ${printable(on)}`;
}

function missingRights(call: ServiceCall, { message }: Failed): string {
  const named = /\bnot authorized to perform:? ([a-z-]+:[A-Za-z]+)/.exec(message)?.[1];
  return `MSK refuses ${subject(call)} to this user: allow ${named ?? neededRights(call)}`;
}

function expired(): string {
  return 'the AWS credentials have expired: renew them (aws sso login, or new keys), then run the same command again';
}

// The service's words about a signature repeat what was signed, the session token included: they are not shown.
function invalidCredentials(call: ServiceCall): string {
  const check = 'check them with aws sts get-caller-identity, and the clock of this machine';
  return `MSK does not accept the AWS credentials for ${subject(call)}: ${check}`;
}

function noCredentials(_: ServiceCall, { message }: Failed): string {
  if (/\bexpired\b/i.test(message)) return expired();
  const ways = 'set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run aws sso login';
  return `there are no AWS credentials to use: ${ways}`;
}

function noRegion(): string {
  return 'the AWS region is not known: give --region or the cluster by its ARN, or set AWS_REGION';
}

function throttled(call: ServiceCall, { $metadata }: Failed): string {
  const attempts = $metadata?.attempts ?? 1;
  return `MSK throttles ${subject(call)}, also at attempt ${attempts}: wait a minute, then run the same command again`;
}

function notFound(call: ServiceCall, error: Failed): string {
  if (call.topic !== undefined) {
    return `MSK knows no topic ${printable(call.topic)}${because(error)}: was it deleted meanwhile? Run plan again`;
  }
  const check = 'check the ARN, and that the credentials are of its account';
  return `there is no MSK cluster ${printable(call.clusterArn ?? '')}: ${check}`;
}

function notNow(call: ServiceCall, error: Failed): string {
  return `the cluster cannot do ${subject(call)} now${because(error)}: run the same command again, it goes on where it stopped`;
}

function serviceFault(call: ServiceCall, error: Failed): string {
  return `MSK failed at ${subject(call)} by its own fault${because(error)}: run the same command again in a minute`;
}

function badRequest(call: ServiceCall, error: Failed): string {
  const { InvalidParameter: parameter } = error;
  const where = typeof parameter === 'string' && parameter !== '' ? ` for its ${printable(parameter)}` : '';
  return `MSK refuses ${subject(call)} as wrong${where}${because(error)}: correct it in infra/topics.ts, or the flags`;
}

function noAnswer(call: ServiceCall, { code, name }: Failed): string {
  const check =
    'check the region, the way to the internet or the VPC endpoint, and AWS_ENDPOINT_URL_KAFKA if it is set';
  return `nothing answers ${subject(call)} (${printable(String(code ?? name))}): ${check}`;
}

function noService(call: ServiceCall): string {
  return `what answers ${subject(call)} is not MSK: is there a proxy, or is AWS_ENDPOINT_URL_KAFKA another service's?`;
}

function because({ message }: Failed): string {
  return message === '' ? '' : ` (${quoted(message)})`;
}

/** Words of the service, harmless for a terminal, and without what could be a key. */
function quoted(message: string): string {
  const secrets = [process.env.AWS_SECRET_ACCESS_KEY, process.env.AWS_SESSION_TOKEN].filter((secret) => secret);
  const masked = secrets.reduce<string>((text, secret) => text.replaceAll(String(secret), '***'), message);
  return clipped(printable(masked.replace(/\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g, '***').replace(/\.$/, '')), 300);
}
