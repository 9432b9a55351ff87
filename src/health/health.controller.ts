import { Controller, Get, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { Config } from '../config';
import { NodeService } from '../node';
import { BeelineError, Fails } from '../shared';
import { LiveDto, ReadyDto } from './dto/health.dto';

@ApiTags('health')
@Controller()
export class HealthController {
  constructor(
    private readonly node: NodeService,
    private readonly config: Config,
  ) {}

  @Get('healthz')
  @ApiOperation({ summary: 'Whether the process lives.' })
  @ApiOkResponse({ type: LiveDto })
  live(): LiveDto {
    return { status: 'ok' };
  }

  @Get('readyz')
  @ApiOperation({
    summary: 'Whether this node may be sent clients: lease held, channel heard, store fit, not draining.',
  })
  @ApiOkResponse({ type: ReadyDto })
  @Fails('unavailable')
  ready(@Req() { socket }: Request): ReadyDto {
    const { whyNotReady, doubts, id } = this.node;
    // What is wrong inside is for operators, where they have a port of their own.
    const { adminPort = socket.localPort } = this.config;
    const isOperator = socket.localPort === adminPort;
    if (whyNotReady !== undefined) {
      throw new BeelineError('unavailable', isOperator ? whyNotReady : 'not ready');
    }
    return { status: 'ready', nodeId: id, ...(isOperator && doubts !== undefined ? { detail: doubts } : {}) };
  }
}
