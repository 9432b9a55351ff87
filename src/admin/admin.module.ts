import { Module } from '@nestjs/common';
import { AuthModule } from '../auth';
import { GatewayModule } from '../gateway';
import { NodeModule } from '../node';
import { AdminController } from './admin.controller';

@Module({ imports: [AuthModule, GatewayModule, NodeModule], controllers: [AdminController] })
export class AdminModule {}
