import { AppError, type Finding } from '../../shared/errors.ts'

export const targetChanged = (whole: string, reasons: readonly string[]): AppError => {
  const code = 'DRAYAGE_TARGET_CHANGED'
  const details = { reasons: reasons.map((message): Finding => ({ code, message })) }
  return new AppError(code, whole, { details })
}
