import { Module } from '@nestjs/common';
import { AuthModule } from '../auth';
import { BlocksModule } from '../blocks';
import { InboxModule } from '../inbox';
import { LimitsModule } from '../limits';
import { NodeModule } from '../node';
import { RoutingModule } from '../routing';
import { ChatService } from './chat.service';
import { MessagesController } from './messages.controller';
import { Receipts } from './receipts';

@Module({
  imports: [AuthModule, BlocksModule, InboxModule, LimitsModule, NodeModule, RoutingModule],
  controllers: [MessagesController],
  providers: [ChatService, Receipts],
  exports: [ChatService, Receipts],
})
export class ChatModule {}
