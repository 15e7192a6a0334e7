import Decoder from 'kafkajs/src/protocol/decoder.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import type { Api } from 'kafkajs/src/protocol/requests/index.js';

/** Settings to set on one topic or broker; all others stay as they are. A broker takes its own only. */
export type ConfigSettings = ({ readonly topic: string } | { readonly broker: number }) & {
  readonly settings: ReadonlyMap<string, string>;
};

export interface AlterConfigsAnswer {
  readonly resources: readonly {
    readonly errorCode: number;
    readonly errorMessage: string | null;
    readonly resourceName: string;
  }[];
}

/** IncrementalAlterConfigs, in brokers since Kafka 2.3. */
export const incrementalAlterConfigsKey = 44;

const topicResource = 2;
const brokerResource = 4;
const setOperation = 0;

/**
 * The request that kafkajs lacks, version 0. What it has, AlterConfigs, resets every setting that is not named in it,
 * and brokers since Kafka 4 know it no more than they must.
 */
export const incrementalAlterConfigs: Api<ConfigSettings, AlterConfigsAnswer> & { readonly versions: string[] } = {
  versions: ['0'],
  protocol: () => (args) => ({
    request: {
      apiKey: incrementalAlterConfigsKey,
      apiVersion: 0,
      apiName: 'IncrementalAlterConfigs',
      encode: async () => encode(args),
    },
    response: { decode },
  }),
};

/*
 * IncrementalAlterConfigs Request (Version: 0) => [resources] validate_only
 *   resources => resource_type resource_name [configs]
 *     resource_type => INT8, resource_name => STRING
 *     configs => name config_operation value
 *       name => STRING, config_operation => INT8, value => NULLABLE_STRING
 *   validate_only => BOOLEAN
 */
function encode(change: ConfigSettings): Encoder {
  const configs = [...change.settings].map(([name, value]) =>
    new Encoder().writeString(name).writeInt8(setOperation).writeString(value),
  );
  const [type, name] = 'topic' in change ? [topicResource, change.topic] : [brokerResource, String(change.broker)];
  const resource = new Encoder().writeInt8(type).writeString(name).writeArray(configs);
  return new Encoder().writeArray([resource]).writeBoolean(false);
}

/*
 * IncrementalAlterConfigs Response (Version: 0) => throttle_time_ms [responses]
 *   throttle_time_ms => INT32
 *   responses => error_code error_message resource_type resource_name
 *     error_code => INT16, error_message => NULLABLE_STRING, resource_type => INT8, resource_name => STRING
 */
async function decode(raw: Buffer): Promise<AlterConfigsAnswer> {
  const decoder = new Decoder(raw);
  decoder.readInt32();
  const resources = decoder.readArray((entry) => {
    const errorCode = entry.readInt16();
    const errorMessage = entry.readString();
    entry.readInt8();
    return { errorCode, errorMessage, resourceName: entry.readString() ?? '' };
  });
  return { resources };
}
