/** Ways to sign requests that only remote storage and Alertmanagers of clouds ask for. Checked and kept. */

/** AWS Signature Version 4. */
export interface SigV4Config {
  region: string;
  accessKey: string;
  secretKey: string;
  profile: string;
  roleArn: string;
  externalId: string;
  useFipsStsEndpoint: boolean;
  serviceName: string;
}

export interface AzureAdConfig {
  cloud: string;
  managedIdentity?: { clientId: string } | undefined;
  workloadIdentity?: { clientId: string; tenantId: string; tokenFilePath: string } | undefined;
  oauth?: { clientId: string; clientSecret: string; tenantId: string } | undefined;
  certificate?:
    | {
        clientId: string;
        tenantId: string;
        certificatePath: string;
        certificateKeyPath: string;
        certificatePassword: string;
      }
    | undefined;
  sdk?: { tenantId: string } | undefined;
  scope: string;
}

export interface GoogleIamConfig {
  credentialsFile: string;
}
