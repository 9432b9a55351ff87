import { Injectable } from '@nestjs/common';
import { type BlocksRecord, Changes, EmbeddedDatabase, keys, readBlocks } from '../../embedded';
import type { UserId } from '../../shared';
import { BlockStore, MAX_BLOCKED } from '../block-store.port';

@Injectable()
export class EmbeddedBlockStore extends BlockStore {
  constructor(private readonly database: EmbeddedDatabase) {
    super();
  }

  override set(user: UserId, other: UserId, isBlocked: boolean): Promise<boolean> {
    return this.database.exclusively(user, async (view) => {
      const others = (await readBlocks(view, user)).filter((blocked) => blocked !== other);
      if (isBlocked && others.length >= MAX_BLOCKED) return false;
      const record: BlocksRecord = { users: isBlocked ? [...others, other] : others };
      await this.database.commit(new Changes().put(keys.blocks(user), record), { durable: true });
      return true;
    });
  }

  override list(user: UserId): Promise<UserId[]> {
    return this.database.look((view) => readBlocks(view, user));
  }

  override areApart(user: UserId, others: readonly UserId[]): Promise<boolean[]> {
    return this.database.look(async (view) => {
      const own = await readBlocks(view, user);
      return Promise.all(
        others.map(async (other) => own.includes(other) || (await readBlocks(view, other)).includes(user)),
      );
    });
  }
}
