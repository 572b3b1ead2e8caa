// Original file: proto/agent.proto

import type { HeldEpoch as _drayage_v1_HeldEpoch, HeldEpoch__Output as _drayage_v1_HeldEpoch__Output } from '../../drayage/v1/HeldEpoch.ts';
import type { HeldMigration as _drayage_v1_HeldMigration, HeldMigration__Output as _drayage_v1_HeldMigration__Output } from '../../drayage/v1/HeldMigration.ts';
import type { RetiredContainer as _drayage_v1_RetiredContainer, RetiredContainer__Output as _drayage_v1_RetiredContainer__Output } from '../../drayage/v1/RetiredContainer.ts';
import type { BroughtBack as _drayage_v1_BroughtBack, BroughtBack__Output as _drayage_v1_BroughtBack__Output } from '../../drayage/v1/BroughtBack.ts';

export interface Standing {
  'epochs'?: (_drayage_v1_HeldEpoch)[];
  'migrations'?: (_drayage_v1_HeldMigration)[];
  'retired'?: (_drayage_v1_RetiredContainer)[];
  'broughtBack'?: (_drayage_v1_BroughtBack)[];
}

export interface Standing__Output {
  'epochs': (_drayage_v1_HeldEpoch__Output)[];
  'migrations': (_drayage_v1_HeldMigration__Output)[];
  'retired': (_drayage_v1_RetiredContainer__Output)[];
  'broughtBack': (_drayage_v1_BroughtBack__Output)[];
}
