// Original file: proto/transfer.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ImagePiece as _drayage_v1_ImagePiece, ImagePiece__Output as _drayage_v1_ImagePiece__Output } from '../../drayage/v1/ImagePiece.ts';
import type { NoisePiece as _drayage_v1_NoisePiece, NoisePiece__Output as _drayage_v1_NoisePiece__Output } from '../../drayage/v1/NoisePiece.ts';
import type { PullImageRequest as _drayage_v1_PullImageRequest, PullImageRequest__Output as _drayage_v1_PullImageRequest__Output } from '../../drayage/v1/PullImageRequest.ts';
import type { PullNoiseRequest as _drayage_v1_PullNoiseRequest, PullNoiseRequest__Output as _drayage_v1_PullNoiseRequest__Output } from '../../drayage/v1/PullNoiseRequest.ts';
import type { PullVolumeRequest as _drayage_v1_PullVolumeRequest, PullVolumeRequest__Output as _drayage_v1_PullVolumeRequest__Output } from '../../drayage/v1/PullVolumeRequest.ts';
import type { VolumePiece as _drayage_v1_VolumePiece, VolumePiece__Output as _drayage_v1_VolumePiece__Output } from '../../drayage/v1/VolumePiece.ts';

export interface TransferClient extends grpc.Client {
  PullImage(argument: _drayage_v1_PullImageRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ImagePiece__Output>;
  PullImage(argument: _drayage_v1_PullImageRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ImagePiece__Output>;
  pullImage(argument: _drayage_v1_PullImageRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ImagePiece__Output>;
  pullImage(argument: _drayage_v1_PullImageRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ImagePiece__Output>;
  
  PullNoise(argument: _drayage_v1_PullNoiseRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_NoisePiece__Output>;
  PullNoise(argument: _drayage_v1_PullNoiseRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_NoisePiece__Output>;
  pullNoise(argument: _drayage_v1_PullNoiseRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_NoisePiece__Output>;
  pullNoise(argument: _drayage_v1_PullNoiseRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_NoisePiece__Output>;
  
  PullVolume(argument: _drayage_v1_PullVolumeRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_VolumePiece__Output>;
  PullVolume(argument: _drayage_v1_PullVolumeRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_VolumePiece__Output>;
  pullVolume(argument: _drayage_v1_PullVolumeRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_VolumePiece__Output>;
  pullVolume(argument: _drayage_v1_PullVolumeRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_VolumePiece__Output>;
  
}

export interface TransferHandlers extends grpc.UntypedServiceImplementation {
  PullImage: grpc.handleServerStreamingCall<_drayage_v1_PullImageRequest__Output, _drayage_v1_ImagePiece>;
  
  PullNoise: grpc.handleServerStreamingCall<_drayage_v1_PullNoiseRequest__Output, _drayage_v1_NoisePiece>;
  
  PullVolume: grpc.handleServerStreamingCall<_drayage_v1_PullVolumeRequest__Output, _drayage_v1_VolumePiece>;
  
}

export interface TransferDefinition extends grpc.ServiceDefinition {
  PullImage: MethodDefinition<_drayage_v1_PullImageRequest, _drayage_v1_ImagePiece, _drayage_v1_PullImageRequest__Output, _drayage_v1_ImagePiece__Output>
  PullNoise: MethodDefinition<_drayage_v1_PullNoiseRequest, _drayage_v1_NoisePiece, _drayage_v1_PullNoiseRequest__Output, _drayage_v1_NoisePiece__Output>
  PullVolume: MethodDefinition<_drayage_v1_PullVolumeRequest, _drayage_v1_VolumePiece, _drayage_v1_PullVolumeRequest__Output, _drayage_v1_VolumePiece__Output>
}
