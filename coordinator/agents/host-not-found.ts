import { AppError } from '../../shared/errors.ts'

export const hostNotFound = (name: string): AppError =>
  new AppError(
    'DRAYAGE_HOST_NOT_FOUND',
    `There is no host ${name}. dray hosts lists them; dray host add ${name} adds it.`,
  )
