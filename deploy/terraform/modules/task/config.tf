# The configuration of a program that is not ours: objects of a bucket, fetched
# into a volume before the program starts. It is root, with no capability and a
# read-only root: the volumes are root's on Fargate, and it opens /tmp for the
# program, which is nobody. What it fetched has to be what the definition names,
# or the task does not start.
locals {
  fetch = join("\n", [
    "set -eu",
    "chmod 1777 /tmp",
    "aws s3 sync --only-show-errors \"$CONFIG_SOURCE\" /config",
    "test \"$(cat /config/complete)\" = \"$CONFIG_HASH\"",
    "chmod -R a+rX /config",
  ])
  configs = var.config == null ? [] : [var.config]
  first = [for config in local.configs : {
    name                   = "config"
    image                  = config.image
    entryPoint             = ["/bin/sh", "-c"]
    command                = [local.fetch]
    essential              = false
    readonlyRootFilesystem = true
    user                   = "0:0"
    environment = [
      { name = "AWS_REGION", value = var.place.region },
      { name = "CONFIG_HASH", value = config.hash },
      { name = "CONFIG_SOURCE", value = "s3://${config.bucket}/${config.prefix}" },
      { name = "HOME", value = "/tmp" },
    ]
    mountPoints = [
      { sourceVolume = "tmp", containerPath = "/tmp", readOnly = false },
      { sourceVolume = "config", containerPath = "/config", readOnly = false },
    ]
    linuxParameters  = local.container.linuxParameters
    logConfiguration = merge(local.log, { options = merge(local.log.options, { awslogs-stream-prefix = "config" }) })
  }]
  # Both containers have the task's one role: the program may read its own
  # configuration, too.
  fetches = flatten([for config in local.configs : [
    {
      Sid       = "ConfigList"
      Effect    = "Allow"
      Action    = ["s3:ListBucket"]
      Resource  = "arn:aws:s3:::${config.bucket}"
      Condition = { StringLike = { "s3:prefix" = [config.prefix, "${config.prefix}/*"] } }
    },
    { Sid = "Config", Effect = "Allow", Action = ["s3:GetObject"], Resource = "arn:aws:s3:::${config.bucket}/${config.prefix}/*" },
    {
      Sid       = "ConfigKey"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = "arn:aws:kms:${local.at}:key/*"
      Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = var.key_alias } }
    },
  ]])
}
