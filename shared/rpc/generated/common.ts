import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { EngineFacts as _drayage_v1_EngineFacts, EngineFacts__Output as _drayage_v1_EngineFacts__Output } from './drayage/v1/EngineFacts.ts';
import type { ErrorDetail as _drayage_v1_ErrorDetail, ErrorDetail__Output as _drayage_v1_ErrorDetail__Output } from './drayage/v1/ErrorDetail.ts';
import type { VolumeUsage as _drayage_v1_VolumeUsage, VolumeUsage__Output as _drayage_v1_VolumeUsage__Output } from './drayage/v1/VolumeUsage.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  drayage: {
    v1: {
      EngineFacts: MessageTypeDefinition<_drayage_v1_EngineFacts, _drayage_v1_EngineFacts__Output>
      ErrorDetail: MessageTypeDefinition<_drayage_v1_ErrorDetail, _drayage_v1_ErrorDetail__Output>
      VolumeUsage: MessageTypeDefinition<_drayage_v1_VolumeUsage, _drayage_v1_VolumeUsage__Output>
    }
  }
}

