// Recheck: the checks of `validate` on a published dataset, from nothing but its own files; no pipeline wires it, `pipeline validate` runs it.
import type { Validation } from '../../lib/market/validate.ts';
import { json, tree } from '../../lib/stage/port.ts';
import { defineStage } from '../../lib/stage/stage.ts';
import { type CheckSetting, checkDataset, type Files } from './checks.ts';
import type { CalibrationReport } from './shapes.ts';

/** The leaves of the resolved configuration that the checks need, as pipeline.yaml wires them to `validate`. */
interface Recorded {
  readonly tickers: readonly string[];
  readonly start_date: string;
  readonly end_date: string;
  readonly calendar: string;
  readonly calibration: { readonly periods_per_year: number };
  readonly frequency: string;
  readonly generation: CheckSetting['generation'];
  readonly validation: Pick<CheckSetting, 'alpha' | 'fail_fast' | 'checks'>;
}

export const recheck = defineStage<Record<string, never>>()({
  summary: 'the market checks on a published dataset',
  params: { type: 'object', properties: {} },
  inputs: { dataset: tree('market/dataset@1') },
  outputs: { validation: json<Validation>('market/validation@1') },
  run({ in: { dataset }, out, verdict, progress }) {
    const value = (name: string) => JSON.parse(Buffer.from(dataset.bytes(name)).toString('utf8')) as unknown;
    const { config } = value('manifest.json') as { config: Recorded };
    const { tickers, start_date, end_date, calendar, frequency, generation, validation } = config;
    const setting: CheckSetting = {
      tickers,
      start_date,
      end_date,
      calendar,
      frequency,
      generation,
      periods_per_year: config.calibration.periods_per_year,
      ...validation,
    };
    const folder = (under: string): Files => ({
      names: () => dataset.names().flatMap((name) => (name.startsWith(under) ? [name.slice(under.length)] : [])),
      bytes: (name) => dataset.bytes(under + name),
    });
    const calibration = value('calibration.json') as CalibrationReport;
    const checked = checkDataset(setting, calibration, folder('ohlcv/'), folder('features/'), progress);
    out.validation.write(checked.validation);
    verdict(checked.passed, checked.summary);
  },
});
