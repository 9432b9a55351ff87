/** The same as socketio.ts as Nest's documentation has it: a gateway, a DTO with class-validator, ValidationPipe. */
import 'reflect-metadata';
import { Module, UsePipes, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import { IsObject, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { Server, type ServerOptions, Socket } from 'socket.io';
import { adapterFromEnvironment } from './adapter';

const ID = /^[\p{L}\p{N}_.@:|+-]{1,128}$/u;

class SendDto {
  @IsString()
  @Matches(ID)
  to!: string;

  @IsObject()
  body!: object;

  @IsString()
  @MaxLength(64)
  @Matches(ID)
  clientId!: string;

  @IsOptional()
  @IsString()
  @MaxLength(32)
  channel?: string;
}

@WebSocketGateway()
class MessageGateway implements OnGatewayConnection {
  @WebSocketServer()
  private readonly server!: Server;

  handleConnection(socket: Socket): void {
    const { user } = socket.handshake.auth as { user: string };
    (socket.data as { user: string }).user = user;
    void socket.join(user);
  }

  @UsePipes(new ValidationPipe())
  @SubscribeMessage('message:send')
  send(@MessageBody() { to, body, clientId }: SendDto, @ConnectedSocket() socket: Socket): object {
    const { user } = socket.data as { user: string };
    this.server.to(to).emit('message', { id: clientId, from: user, to, body, sentAt: Date.now() });
    return { ok: true };
  }
}

@Module({ providers: [MessageGateway] })
class AppModule {}

async function main(): Promise<void> {
  const adapter = await adapterFromEnvironment();
  class SocketAdapter extends IoAdapter {
    override createIOServer(port: number, options?: ServerOptions): Server {
      const server = super.createIOServer(port, {
        ...options,
        transports: ['websocket'],
      } as ServerOptions) as Server;
      if (adapter !== undefined) server.adapter(adapter);
      return server;
    }
  }
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  app.useWebSocketAdapter(new SocketAdapter(app));
  await app.listen(Number(process.env['PORT']), '127.0.0.1');
  console.log('listening');
}

void main();
