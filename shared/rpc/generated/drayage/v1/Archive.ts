// Original file: proto/archive.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CopyReport as _drayage_v1_CopyReport, CopyReport__Output as _drayage_v1_CopyReport__Output } from '../../drayage/v1/CopyReport.ts';
import type { DirectoryPage as _drayage_v1_DirectoryPage, DirectoryPage__Output as _drayage_v1_DirectoryPage__Output } from '../../drayage/v1/DirectoryPage.ts';
import type { ExportVolumeRequest as _drayage_v1_ExportVolumeRequest, ExportVolumeRequest__Output as _drayage_v1_ExportVolumeRequest__Output } from '../../drayage/v1/ExportVolumeRequest.ts';
import type { ExportedPiece as _drayage_v1_ExportedPiece, ExportedPiece__Output as _drayage_v1_ExportedPiece__Output } from '../../drayage/v1/ExportedPiece.ts';
import type { FilePiece as _drayage_v1_FilePiece, FilePiece__Output as _drayage_v1_FilePiece__Output } from '../../drayage/v1/FilePiece.ts';
import type { ImportReport as _drayage_v1_ImportReport, ImportReport__Output as _drayage_v1_ImportReport__Output } from '../../drayage/v1/ImportReport.ts';
import type { ImportVolumeRequest as _drayage_v1_ImportVolumeRequest, ImportVolumeRequest__Output as _drayage_v1_ImportVolumeRequest__Output } from '../../drayage/v1/ImportVolumeRequest.ts';
import type { LendVolumeRequest as _drayage_v1_LendVolumeRequest, LendVolumeRequest__Output as _drayage_v1_LendVolumeRequest__Output } from '../../drayage/v1/LendVolumeRequest.ts';
import type { LentVolume as _drayage_v1_LentVolume, LentVolume__Output as _drayage_v1_LentVolume__Output } from '../../drayage/v1/LentVolume.ts';
import type { ListDirectoryRequest as _drayage_v1_ListDirectoryRequest, ListDirectoryRequest__Output as _drayage_v1_ListDirectoryRequest__Output } from '../../drayage/v1/ListDirectoryRequest.ts';
import type { ReadCopyRequest as _drayage_v1_ReadCopyRequest, ReadCopyRequest__Output as _drayage_v1_ReadCopyRequest__Output } from '../../drayage/v1/ReadCopyRequest.ts';
import type { ReadFileRequest as _drayage_v1_ReadFileRequest, ReadFileRequest__Output as _drayage_v1_ReadFileRequest__Output } from '../../drayage/v1/ReadFileRequest.ts';
import type { RemovalReport as _drayage_v1_RemovalReport, RemovalReport__Output as _drayage_v1_RemovalReport__Output } from '../../drayage/v1/RemovalReport.ts';
import type { RemoveVolumeRequest as _drayage_v1_RemoveVolumeRequest, RemoveVolumeRequest__Output as _drayage_v1_RemoveVolumeRequest__Output } from '../../drayage/v1/RemoveVolumeRequest.ts';

export interface ArchiveClient extends grpc.Client {
  ExportVolume(argument: _drayage_v1_ExportVolumeRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ExportedPiece__Output>;
  ExportVolume(argument: _drayage_v1_ExportVolumeRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ExportedPiece__Output>;
  exportVolume(argument: _drayage_v1_ExportVolumeRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ExportedPiece__Output>;
  exportVolume(argument: _drayage_v1_ExportVolumeRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ExportedPiece__Output>;
  
  ImportVolume(argument: _drayage_v1_ImportVolumeRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ImportReport__Output>;
  ImportVolume(argument: _drayage_v1_ImportVolumeRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ImportReport__Output>;
  importVolume(argument: _drayage_v1_ImportVolumeRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ImportReport__Output>;
  importVolume(argument: _drayage_v1_ImportVolumeRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ImportReport__Output>;
  
  LendVolume(argument: _drayage_v1_LendVolumeRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_LentVolume__Output>;
  LendVolume(argument: _drayage_v1_LendVolumeRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_LentVolume__Output>;
  lendVolume(argument: _drayage_v1_LendVolumeRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_LentVolume__Output>;
  lendVolume(argument: _drayage_v1_LendVolumeRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_LentVolume__Output>;
  
  ListDirectory(argument: _drayage_v1_ListDirectoryRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_DirectoryPage__Output>): grpc.ClientUnaryCall;
  ListDirectory(argument: _drayage_v1_ListDirectoryRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_DirectoryPage__Output>): grpc.ClientUnaryCall;
  ListDirectory(argument: _drayage_v1_ListDirectoryRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_DirectoryPage__Output>): grpc.ClientUnaryCall;
  ListDirectory(argument: _drayage_v1_ListDirectoryRequest, callback: grpc.requestCallback<_drayage_v1_DirectoryPage__Output>): grpc.ClientUnaryCall;
  listDirectory(argument: _drayage_v1_ListDirectoryRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_DirectoryPage__Output>): grpc.ClientUnaryCall;
  listDirectory(argument: _drayage_v1_ListDirectoryRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_DirectoryPage__Output>): grpc.ClientUnaryCall;
  listDirectory(argument: _drayage_v1_ListDirectoryRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_DirectoryPage__Output>): grpc.ClientUnaryCall;
  listDirectory(argument: _drayage_v1_ListDirectoryRequest, callback: grpc.requestCallback<_drayage_v1_DirectoryPage__Output>): grpc.ClientUnaryCall;
  
  ReadCopy(argument: _drayage_v1_ReadCopyRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_CopyReport__Output>;
  ReadCopy(argument: _drayage_v1_ReadCopyRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_CopyReport__Output>;
  readCopy(argument: _drayage_v1_ReadCopyRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_CopyReport__Output>;
  readCopy(argument: _drayage_v1_ReadCopyRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_CopyReport__Output>;
  
  ReadFile(argument: _drayage_v1_ReadFileRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_FilePiece__Output>;
  ReadFile(argument: _drayage_v1_ReadFileRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_FilePiece__Output>;
  readFile(argument: _drayage_v1_ReadFileRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_FilePiece__Output>;
  readFile(argument: _drayage_v1_ReadFileRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_FilePiece__Output>;
  
  RemoveVolume(argument: _drayage_v1_RemoveVolumeRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_RemovalReport__Output>;
  RemoveVolume(argument: _drayage_v1_RemoveVolumeRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_RemovalReport__Output>;
  removeVolume(argument: _drayage_v1_RemoveVolumeRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_RemovalReport__Output>;
  removeVolume(argument: _drayage_v1_RemoveVolumeRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_RemovalReport__Output>;
  
}

export interface ArchiveHandlers extends grpc.UntypedServiceImplementation {
  ExportVolume: grpc.handleServerStreamingCall<_drayage_v1_ExportVolumeRequest__Output, _drayage_v1_ExportedPiece>;
  
  ImportVolume: grpc.handleServerStreamingCall<_drayage_v1_ImportVolumeRequest__Output, _drayage_v1_ImportReport>;
  
  LendVolume: grpc.handleServerStreamingCall<_drayage_v1_LendVolumeRequest__Output, _drayage_v1_LentVolume>;
  
  ListDirectory: grpc.handleUnaryCall<_drayage_v1_ListDirectoryRequest__Output, _drayage_v1_DirectoryPage>;
  
  ReadCopy: grpc.handleServerStreamingCall<_drayage_v1_ReadCopyRequest__Output, _drayage_v1_CopyReport>;
  
  ReadFile: grpc.handleServerStreamingCall<_drayage_v1_ReadFileRequest__Output, _drayage_v1_FilePiece>;
  
  RemoveVolume: grpc.handleServerStreamingCall<_drayage_v1_RemoveVolumeRequest__Output, _drayage_v1_RemovalReport>;
  
}

export interface ArchiveDefinition extends grpc.ServiceDefinition {
  ExportVolume: MethodDefinition<_drayage_v1_ExportVolumeRequest, _drayage_v1_ExportedPiece, _drayage_v1_ExportVolumeRequest__Output, _drayage_v1_ExportedPiece__Output>
  ImportVolume: MethodDefinition<_drayage_v1_ImportVolumeRequest, _drayage_v1_ImportReport, _drayage_v1_ImportVolumeRequest__Output, _drayage_v1_ImportReport__Output>
  LendVolume: MethodDefinition<_drayage_v1_LendVolumeRequest, _drayage_v1_LentVolume, _drayage_v1_LendVolumeRequest__Output, _drayage_v1_LentVolume__Output>
  ListDirectory: MethodDefinition<_drayage_v1_ListDirectoryRequest, _drayage_v1_DirectoryPage, _drayage_v1_ListDirectoryRequest__Output, _drayage_v1_DirectoryPage__Output>
  ReadCopy: MethodDefinition<_drayage_v1_ReadCopyRequest, _drayage_v1_CopyReport, _drayage_v1_ReadCopyRequest__Output, _drayage_v1_CopyReport__Output>
  ReadFile: MethodDefinition<_drayage_v1_ReadFileRequest, _drayage_v1_FilePiece, _drayage_v1_ReadFileRequest__Output, _drayage_v1_FilePiece__Output>
  RemoveVolume: MethodDefinition<_drayage_v1_RemoveVolumeRequest, _drayage_v1_RemovalReport, _drayage_v1_RemoveVolumeRequest__Output, _drayage_v1_RemovalReport__Output>
}
