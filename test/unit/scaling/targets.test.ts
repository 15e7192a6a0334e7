import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { calendarWord, localTime } from '../../../infra/scaling/calendar.ts';
import { allowedCounts, snapUp } from '../../../infra/scaling/divisors.ts';
import type { MarketCalendar, ScalingPolicy } from '../../../infra/scaling/policy.ts';
import { cronWindows, windowIsOpen } from '../../../infra/scaling/targets/cron.ts';
import { renderedFiles } from '../../../infra/scaling/targets/files.ts';
import { horizontalPodAutoscaler } from '../../../infra/scaling/targets/hpa.ts';
import { scaledObject } from '../../../infra/scaling/targets/keda.ts';
import { lagThreshold, mostInstances } from '../../../infra/scaling/targets/lag-threshold.ts';
import { provisionedPollers } from '../../../infra/scaling/targets/pollers.ts';
import { snappedQuery } from '../../../infra/scaling/targets/prometheus.ts';
import { analyticsScaling, scaling, storageScaling } from '../../../infra/scaling.ts';
import { stages } from '../../../infra/serverless/stages.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const names = { deployment: 'processor', prometheusAddress: 'http://prometheus:9090', namespace: 'hft-test' };
const nse = scaling.calendar as MarketCalendar;

describe('what is committed', () => {
  test.each(renderedFiles())(
    '$path is what infra/scaling.ts renders to (npm run infra -- render)',
    ({ path, text }) => {
      expect(existsSync(`${root}${path}`) && readFileSync(`${root}${path}`, 'utf8')).toBe(text);
    },
  );

  test('has no file that nothing renders any more', () => {
    const rendered = renderedFiles().map(({ path }) => path);
    expect(readdirSync(`${root}infra/rendered`).map((name) => `infra/rendered/${name}`)).toEqual(
      rendered.filter((path) => path.startsWith('infra/rendered/')).toSorted(),
    );
  });
});

describe('KEDA', () => {
  const object = scaledObject(scaling, names);
  const trigger = (type: string) => object.spec.triggers.filter((one) => one.type === type);

  test('is given the bounds, the windows and the brokers of the Deployment', () => {
    expect(object.spec).toMatchObject({
      scaleTargetRef: { kind: 'Deployment', name: 'processor' },
      minReplicaCount: 2,
      maxReplicaCount: 12,
    });
    expect(object.spec.advanced.horizontalPodAutoscalerConfig.behavior).toEqual({
      scaleUp: { stabilizationWindowSeconds: 10, policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
      scaleDown: { stabilizationWindowSeconds: 300, policies: [{ type: 'Percent', value: 50, periodSeconds: 60 }] },
    });
    // Overlays patch it there with their brokers' security.
    expect(object.spec.triggers[0]?.type).toBe('kafka');
    expect(trigger('kafka').map(({ metadata }) => metadata)).toEqual([
      {
        bootstrapServersFromEnv: 'KAFKA_BOOTSTRAP_SERVERS',
        consumerGroup: 'processor-group',
        topic: 'market.raw',
        lagThreshold: '15000',
        activationLagThreshold: '6000',
        offsetResetPolicy: 'earliest',
        allowIdleConsumers: 'false',
        ensureEvenDistributionOfPartitions: 'true',
        version: '2.4.0',
      },
    ]);
  });

  test('takes an empty answer of Prometheus for an error, and asks for its own namespace only', () => {
    const [rate] = trigger('prometheus').map(({ metadata }) => metadata as Record<string, string>);
    expect(rate?.ignoreNullValues).toBe('false');
    const selectors = rate?.query?.match(/\{[^}]*\}/g) ?? [];
    expect(new Set(selectors)).toEqual(new Set(['{function="processor",namespace="hft-test"}']));
  });

  test('takes text only in the metadata of triggers, as its schema says', () => {
    for (const { metadata } of object.spec.triggers) {
      for (const value of Object.values(metadata)) expect(value).toBeTypeOf('string');
    }
    const triggerNames = object.spec.triggers.map(({ name }) => name);
    expect(new Set(triggerNames).size).toBe(triggerNames.length);
  });

  test('starts no more than what is downstream bears', () => {
    const bearing = { ...scaling, downstream: { maximum: 11, degradedMaximum: 2 } };
    expect(scaledObject(bearing, names).spec.maxReplicaCount).toBe(10);
    expect(horizontalPodAutoscaler(bearing, names).spec.maxReplicas).toBe(10);
  });

  test('takes what is under way for no backlog, nor the target lag', () => {
    expect(lagThreshold(scaling)).toBe(15_000);
    expect(lagThreshold({ ...scaling, recordsPerSecondPerInstance: 400 })).toBe(500);
  });

  test('has cron triggers that are open when the calendar asks for instances, save holidays', () => {
    const windows = cronWindows(nse);
    expect(trigger('cron')).toHaveLength(windows.length);
    const year = { min: Date.parse('2026-01-01T00:00:00+05:30'), max: Date.parse('2026-12-31T23:59:59+05:30') };
    const moments = fc.integer(year);
    const nearSessions = fc
      .tuple(fc.nat(364), fc.constantFrom('08:54', '08:55', '09:39', '09:44', '09:45', '15:29', '15:30', '18:00'))
      .map(([day, time]) => Date.parse(`2026-01-01T${time}:00+05:30`) + day * 86_400_000);
    fc.assert(
      fc.property(fc.oneof(moments, nearSessions), (atMs) => {
        const open = windows.filter((window) => windowIsOpen(window, localTime(nse, atMs)));
        const asked = Math.max(0, ...open.map(({ instances }) => instances));
        const { minimum, text } = calendarWord(nse, atMs);
        if (text === 'holiday') expect(asked).toBeGreaterThanOrEqual(minimum);
        else expect(asked).toBe(minimum);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a snapped query', () => {
  /** PromQL's `> bool` is JavaScript's comparison. */
  const evaluate = (policy: ScalingPolicy, value: number, perInstance: number): number =>
    new Function('value', `return ${snappedQuery(policy, 'value', perInstance).replaceAll('> bool', '>')}`)(value);

  test('gives the least of the counts that is enough', () => {
    fc.assert(
      fc.property(fc.nat(300_000), fc.integer({ min: 1, max: 40_000 }), (value, perInstance) => {
        const wanted = snapUp(allowedCounts(scaling), Math.ceil(value / perInstance));
        expect(evaluate(scaling, value, perInstance)).toBe(wanted);
      }),
    );
  });

  test('is what the HPA and prometheus-adapter are given, under one name', () => {
    const scalers = [scaling, storageScaling, analyticsScaling].map((policy) => horizontalPodAutoscaler(policy, names));
    const values = renderedFiles().find(({ path }) => path.endsWith('prometheus-adapter-values.yaml'));
    const { rules } = parse(values?.text ?? '') as {
      rules: { external: { name: { as: string }; resources: object; metricsQuery: string }[] };
    };
    // The adapter puts the namespace of the HPA there.
    for (const { resources, metricsQuery } of rules.external) {
      expect(resources).toEqual({ overrides: { namespace: { resource: 'namespace' } } });
      expect(metricsQuery).toMatch(/\{function="(processor|storage|analytics)",<<\.LabelMatchers>>\}/);
    }
    const metrics = scalers.flatMap(({ spec }) => spec.metrics.map(({ external }) => external.metric.name));
    expect(metrics).toEqual(rules.external.map(({ name }) => name.as));
    expect(scalers.map(({ spec }) => spec.maxReplicas)).toEqual([12, 6, 5]);
  });
});

describe('pollers', () => {
  test('are the stages of serverless.yml', () => {
    expect(stages.dev).toMatchObject({ minimumPollers: 1, maximumPollers: 2 });
    expect(stages.prod).toMatchObject({ minimumPollers: 2, maximumPollers: 12 });
  });

  test('are never more than can call, nor than the service takes', () => {
    expect(provisionedPollers({ ...scaling, maximum: 60, downstream: { maximum: 60, degradedMaximum: 60 } })).toEqual({
      MinimumPollers: 2,
      MaximumPollers: 12,
    });
    const large = { ...scaling, partitions: 30_000, minimum: 300, maximum: 30_000 };
    expect(provisionedPollers({ ...large, downstream: { maximum: 30_000, degradedMaximum: 300 } })).toEqual({
      MinimumPollers: 200,
      MaximumPollers: 2_000,
    });
    expect(mostInstances(scaling)).toBe(12);
  });
});
