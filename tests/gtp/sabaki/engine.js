// The engine named on the command line, behind Sabaki's own controller, which records the order of all responses.

const assert = require('assert')
const {Controller} = require('@sabaki/gtp')

exports.start = () => {
  let [path, ...args] = process.argv.slice(2)
  let controller = new Controller(path, args)
  controller.sent = []
  controller.received = []
  controller.on('command-sent', ({command}) => controller.sent.push(command))
  controller.on('response-received', ({command, response}) => controller.received.push({command, response}))
  controller.on('stderr', ({content}) => console.error(content))
  controller.start()
  return controller
}

// Send a command and return the text of its response, which must be a success.
exports.ask = async (controller, name, ...args) => {
  let {error, content} = await controller.sendCommand({name, args})
  assert(!error, `${name} ${args.join(' ')}: ${content}`)
  return content
}

// End the engine. Every command must have had one response, in the order in which they were sent.
exports.stop = async controller => {
  let ended = new Promise(resolve => controller.process.once('exit', resolve))
  await controller.stop()
  assert.strictEqual(await ended, 0)
  assert.strictEqual(controller.received.length, controller.sent.length)
  controller.received.forEach(({command}, i) => assert.strictEqual(command.name, controller.sent[i].name))
}
