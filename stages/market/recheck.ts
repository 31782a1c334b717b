// Recheck: the checks of `validate` on a published dataset, from nothing but its own files; no pipeline wires it, `pipeline validate` runs it.
import type { Validation } from '../../lib/market/validate.ts';
import { json, tree } from '../../lib/stage/port.ts';
import { defineStage } from '../../lib/stage/stage.ts';
import { type CheckSetting, checkDataset } from './checks.ts';
import type { CalibrationReport, EnvironmentReport } from './shapes.ts';
import type { Files } from './truths.ts';

/** The leaves of the resolved configuration that the checks need, as pipeline.yaml wires them to `validate`. */
interface Recorded
  extends Pick<CheckSetting, 'tickers' | 'start_date' | 'end_date' | 'calendar' | 'frequency' | 'assets'> {
  readonly calibration: { readonly periods_per_year: number };
  readonly generation: Pick<
    CheckSetting,
    'price_model' | 'volatility_model' | 'models' | 'regimes' | 'events' | 'season' | 'overnight' | 'memory'
  > & {
    readonly correlation: {
      readonly mode: string;
      readonly copula: CheckSetting['copula'];
      readonly factor: { readonly volatility: CheckSetting['factor_volatility'] };
    };
  };
  readonly validation: Pick<CheckSetting, 'alpha' | 'fail_fast' | 'checks'>;
}

export const recheck = defineStage<Record<string, never>>()({
  summary: 'the market checks on a published dataset',
  params: { type: 'object', properties: {} },
  inputs: { dataset: tree('market/dataset@1') },
  outputs: { validation: json<Validation>('market/validation@1') },
  async run({ in: { dataset }, out, verdict, progress }) {
    const value = (name: string) => JSON.parse(Buffer.from(dataset.bytes(name)).toString('utf8')) as unknown;
    const { config } = value('manifest.json') as { config: Recorded };
    const { tickers, start_date, end_date, calendar, frequency, assets, generation, validation } = config;
    const { correlation, ...law } = generation;
    const setting: CheckSetting = {
      ...{ tickers, start_date, end_date, calendar, frequency, assets },
      ...law,
      correlation_mode: correlation.mode,
      copula: correlation.copula,
      factor_volatility: correlation.factor.volatility,
      periods_per_year: config.calibration.periods_per_year,
      ...validation,
    };
    const folder = (under: string): Files => ({
      names: () => dataset.names().flatMap((name) => (name.startsWith(under) ? [name.slice(under.length)] : [])),
      bytes: (name) => dataset.bytes(under + name),
    });
    const checked = await checkDataset(
      setting,
      {
        bars: folder('ohlcv/'),
        features: folder('features/'),
        latent: folder('latent/'),
        calibration: value('calibration.json') as CalibrationReport,
        environment: value('environment.json') as EnvironmentReport,
        plugin: null,
      },
      progress,
    );
    out.validation.write(checked.validation);
    verdict(checked.passed, checked.summary);
  },
});
