import { topicLogicalId } from '../../infra/serverless/topics.ts';
import type { NewFunction } from './options.ts';

/** What Lambda itself gives up on goes to the processor's topic for it; records carry the topic they came from. */
const onFailure = 'market.raw.undelivered';

/** infra/serverless/functions/<name>.yml: the function, its role and its event source mapping, beside the processor's. */
export function serverlessText({ name, typeName, source, output, deadLetters, group }: NewFunction): string {
  const id = logicalId(name);
  // As osls forms it: of the mapping's stream only letters and digits count.
  const mapping = `${id}EventSourceMappingMSKClusterArn${upperFirst(source.replace(/[^0-9A-Za-z]/g, ''))}`;
  const arn = (kind: 'topic' | 'group', of: string): string =>
    `!Join [':${kind}/', [!Select [0, !Split [':cluster/', !Ref ClusterArn]], !Join ['/', [!Select [1, !Split [':cluster/', !Ref ClusterArn]], '${of}']]]]`;
  return `# ${name} as the target of an event source mapping of its own. What is not here, it has from the processor.
function:
  handler: dist/functions.${name}
  role: ${typeName}Role
  memorySize: \${self:functions.processor.memorySize}
  timeout: \${self:functions.processor.timeout}
  logRetentionInDays: \${self:functions.processor.logRetentionInDays}
  vpc: \${self:functions.processor.vpc}
  environment: \${self:functions.processor.environment}
  events:
    - msk:
        arn:
          Ref: ClusterArn
        topic: ${quoted(source)}
        consumerGroupId: ${quoted(group)}
        startingPosition: TRIM_HORIZON
        batchSize: \${self:functions.processor.events.0.msk.batchSize}
        provisionedPollerConfig: \${self:functions.processor.events.0.msk.provisionedPollerConfig}

stack:
  Resources:
    ${typeName}Role:
      Type: AWS::IAM::Role
      Properties:
        AssumeRolePolicyDocument: \${file(infra/serverless/policies.yml):assume}
        Policies:
          - PolicyName: logs
            PolicyDocument:
              Version: '2012-10-17'
              Statement:
                - Sid: WriteLogs
                  Effect: Allow
                  Action: [logs:CreateLogStream, logs:PutLogEvents]
                  Resource: !GetAtt ${id}LogGroup.Arn
          - PolicyName: network
            PolicyDocument:
              Version: '2012-10-17'
              Statement:
                - \${file(infra/serverless/policies.yml):network.PolicyDocument.Statement.0}
                # Those rights are for the service. The function's own code gets none of them.
                - Sid: KeepTheCodeFromIt
                  Effect: Deny
                  Action: \${file(infra/serverless/policies.yml):network.PolicyDocument.Statement.0.Action}
                  Resource: '*'
                  Condition:
                    ArnEquals:
                      lambda:SourceFunctionArn:
                        - !Sub arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:\${self:service}-\${sls:stage}-${name}
          - PolicyName: msk
            PolicyDocument:
              Version: '2012-10-17'
              Statement:
                - \${file(infra/serverless/policies.yml):msk.PolicyDocument.Statement.0}
                - \${file(infra/serverless/policies.yml):msk.PolicyDocument.Statement.1}
                - Sid: Read
                  Effect: Allow
                  Action: \${file(infra/serverless/policies.yml):msk.PolicyDocument.Statement.2.Action}
                  Resource: ${arn('topic', source)}
                - Sid: Write
                  Effect: Allow
                  Action: \${file(infra/serverless/policies.yml):msk.PolicyDocument.Statement.3.Action}
                  Resource:
${[output, deadLetters, onFailure].map((topic) => `                    - ${arn('topic', topic)}`).join('\n')}
                - Sid: BeInTheGroup
                  Effect: Allow
                  Action: \${file(infra/serverless/policies.yml):msk.PolicyDocument.Statement.4.Action}
                  Resource: ${arn('group', group)}
  extensions:
    ${id}LambdaFunction:
      Metadata:
        BundleSha256: \${file(infra/serverless/resolve.js):bundleSha256}
    ${mapping}:
      # A mapping on a topic that is not there yet fails; one without its dead-letter topic would stand still.
      DependsOn: [${[source, output, deadLetters, onFailure].map(topicLogicalId).join(', ')}]
      Properties: \${self:custom.mapping}
`;
}

/** YAML would read some topic names as numbers. */
function quoted(text: string): string {
  return `'${text}'`;
}

/** As osls forms the logical ids of a function. */
function logicalId(name: string): string {
  return upperFirst(name.replaceAll('-', 'Dash'));
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
