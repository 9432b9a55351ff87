import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { NodeService } from '../node';
import { BeelineError } from '../shared';

@ApiTags('health')
@Controller()
export class HealthController {
  constructor(private readonly node: NodeService) {}

  @Get('healthz')
  @ApiOperation({ summary: 'Whether the process lives.' })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('readyz')
  @ApiOperation({
    summary: 'Whether this node may be sent clients: lease held, channel heard, not draining.',
  })
  ready(): { status: 'ready'; nodeId: string } {
    if (this.node.isReady) return { status: 'ready', nodeId: this.node.id };
    throw new BeelineError(
      'unavailable',
      this.node.isDraining ? 'the node is draining' : 'the node has lost its store',
    );
  }
}
