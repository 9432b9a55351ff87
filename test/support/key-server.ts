import type { KeyObject } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An issuer's published keys, on a free port of this machine. */
export class KeyServer {
  /** How often it was asked. */
  asked = 0;
  url = '';
  /** What it does instead of answering. */
  fault: ((response: ServerResponse) => unknown) | undefined;
  private readonly keys = new Map<string, KeyObject>();
  private readonly server = createServer((_request, response) => {
    this.asked += 1;
    if (this.fault !== undefined) return this.fault(response);
    const keys = [...this.keys].map(([kid, key]) => ({ ...key.export({ format: 'jwk' }), kid, use: 'sig' }));
    return response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }));
  });

  static async start(): Promise<KeyServer> {
    const keyServer = new KeyServer();
    await new Promise<void>((resolve) => keyServer.server.listen(0, '127.0.0.1', resolve));
    const { port } = keyServer.server.address() as AddressInfo;
    keyServer.url = `http://127.0.0.1:${port}/keys.json`;
    return keyServer;
  }

  publish(kid: string, key: KeyObject): void {
    this.keys.set(kid, key);
  }

  withdraw(kid: string): void {
    this.keys.delete(kid);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
