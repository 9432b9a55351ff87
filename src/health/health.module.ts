import { Module } from '@nestjs/common';
import { NodeModule } from '../node';
import { HealthController } from './health.controller';
import { MetricsController } from './metrics.controller';

@Module({ imports: [NodeModule], controllers: [HealthController, MetricsController] })
export class HealthModule {}
